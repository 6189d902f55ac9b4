import type { AccessLimit } from "./rules/access-limit.ts";
import type { AccessRequest, AccessRules, Asker, Subject } from "./rules/access-rules.ts";
import { decideAccess, maySee } from "./rules/decide-access.ts";
import { parsePathPattern } from "./rules/path-pattern.ts";
import { type Action, withIncluded } from "./rules/roles.ts";
import { ANONYMOUS, type Principal } from "./principal.ts";

/** Why something is not to be done: the rules say so, or the token or secret is not for it. */
export type Refusal = "rules" | "limits";

/** Who makes a request, with all that decides what they may do. */
export interface Caller {
  readonly principal: Principal;
  /** Whether a token is what they came with, so that another one may be good for more. */
  readonly hasToken: boolean;

  /** @returns `undefined`: it may be done */
  refusalOf(request: AccessRequest): Refusal | undefined;

  /** Who does not see a repository must not learn whether it exists. */
  maySee(path: string): boolean;

  /** Whether what needs no permission is for them, such as to be told that they are signed in. */
  readonly isLetIn: boolean;
  /** Whether lists of repositories may be asked for. */
  readonly mayList: boolean;
  /** Their token has ended: they may finish the uploads that they began before, and nothing else. */
  readonly tokenEndedAtMs?: number | undefined;
}

/** Where nobody has to sign in. */
export const EVERYBODY: Caller = {
  principal: ANONYMOUS,
  hasToken: false,
  refusalOf: () => undefined,
  maySee: () => true,
  isLetIn: true,
  mayList: true,
};

/** What a token is good for at most. */
export interface TokenLimits {
  readonly access: readonly AccessLimit[];
  readonly mayList: boolean;
}

export interface CallerFacts {
  readonly principal: Principal;
  /** Of the secret that they came with, or had a token for; empty: it is good for all that the account may do. */
  readonly limits?: readonly AccessLimit[];
  /** Absent: they came without a token. */
  readonly token?: TokenLimits | undefined;
  readonly tokenEndedAtMs?: number | undefined;
}

/** More decisions than these are made anew: there are as many callers as clients, and each may ask for as many names as it likes. */
const MAX_REMEMBERED = 50;
/** Of a repository's name. */
const MAX_PATH_LENGTH = 255;

/** A caller under the rules of one moment; decisions are remembered, as one client asks for the same again and again. */
export class RuledCaller implements Caller {
  readonly principal: Principal;
  readonly hasToken: boolean;
  readonly #rules: AccessRules;
  readonly #nowMs: () => number;
  readonly #asker: Asker;
  readonly #limits: readonly PreparedLimit[] | undefined;
  readonly #tokenLimits: readonly PreparedLimit[] | undefined;
  readonly isLetIn: boolean;
  readonly mayList: boolean;
  readonly tokenEndedAtMs: number | undefined;
  /** Of what is asked for a whole repository, or for whichever tag will do, by action and path. */
  readonly #decisions = new Map<string, Refusal | undefined>();
  #endsAtMs = 0;

  /** @param nowMs the time, for what expires */
  constructor(facts: CallerFacts, rules: AccessRules, nowMs: () => number) {
    const { principal, limits = [], token, tokenEndedAtMs } = facts;
    this.principal = principal;
    this.hasToken = token !== undefined;
    this.#rules = rules;
    this.#nowMs = nowMs;
    this.#asker = askerOf(principal);
    this.#limits = limits.length > 0 ? limits.map(prepareLimit) : undefined;
    this.#tokenLimits = token?.access.map(prepareLimit);
    this.isLetIn = this.hasToken || principal.kind !== "anonymous";
    this.mayList = token?.mayList ?? true;
    this.tokenEndedAtMs = tokenEndedAtMs;
  }

  refusalOf(request: AccessRequest): Refusal | undefined {
    const { path, action, tag, isAnyTagEnough, askedAs } = request;
    const whole = this.#rememberedRefusal({ path, action, askedAs });
    if (whole === undefined || (tag === undefined && !isAnyTagEnough)) return whole;
    return isAnyTagEnough ? this.#rememberedRefusal({ path, action, isAnyTagEnough, askedAs }) : this.#decide(request);
  }

  maySee(path: string): boolean {
    const isWithin = !this.#limits || this.#limits.some(({ mayBePath }) => mayBePath(path));
    return isWithin && maySee(this.#rules, this.#asker, path, this.#nowMs());
  }

  #rememberedRefusal(request: AccessRequest): Refusal | undefined {
    const { path, action, isAnyTagEnough, askedAs } = request;
    // What leads elsewhere is asked for less often.
    if (askedAs !== undefined) return this.#decide(request);
    if (path.length > MAX_PATH_LENGTH) return this.#decide(request);
    const nowMs = this.#nowMs();
    if (nowMs >= this.#endsAtMs || this.#decisions.size >= MAX_REMEMBERED) this.#forget(nowMs);
    const key = isAnyTagEnough ? `${action}* ${path}` : `${action} ${path}`;
    if (this.#decisions.has(key)) return this.#decisions.get(key);
    const refusal = this.#decide(request);
    this.#decisions.set(key, refusal);
    return refusal;
  }

  /** Decisions hold until the first grant among them ends. */
  #forget(nowMs: number): void {
    this.#decisions.clear();
    const ends = this.#asker.subjects
      .flatMap((subject) => this.#rules.grants.get(subject) ?? [])
      .map(({ expiresAtMs }) => expiresAtMs)
      .filter((endMs) => endMs !== undefined && endMs > nowMs) as number[];
    this.#endsAtMs = Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  #decide(request: AccessRequest): Refusal | undefined {
    if (!decideAccess(this.#rules, this.#asker, request, this.#nowMs())) return "rules";
    const { askedAs = request.path } = request;
    const isForToken =
      isWithin(this.#tokenLimits, request) || isWithin(this.#tokenLimits, { ...request, path: askedAs });
    return isForToken && isWithin(this.#limits, request) ? undefined : "limits";
  }
}

export function isWithin(limits: readonly PreparedLimit[] | undefined, { path, action }: AccessRequest): boolean {
  return !limits || limits.some(({ actions, mayBePath }) => actions.has(action) && mayBePath(path));
}

export interface PreparedLimit {
  readonly mayBePath: (path: string) => boolean;
  readonly actions: ReadonlySet<Action>;
}

export function prepareLimit({ pathPattern, actions }: AccessLimit): PreparedLimit {
  return { mayBePath: parsePathPattern(pathPattern), actions: withIncluded(actions) };
}

/** As far as rules are concerned. A robot has only what it or its groups were given, not what all people have. */
export function askerOf(principal: Principal): Asker {
  if (principal.kind === "anonymous") return { subjects: [] };
  const { account, source, kind } = principal;
  const own: readonly Subject[] = account ? [`account:${account.id}`, ...groupsOf(account.groupIds)] : [];
  const common: readonly Subject[] = kind === "robot" ? [] : [`source:${source}`, "signed-in"];
  return { subjects: [...own, ...common], systemRole: account?.systemRole };
}

function groupsOf(ids: readonly number[]): readonly Subject[] {
  return ids.map((id): Subject => `group:${id}`);
}
