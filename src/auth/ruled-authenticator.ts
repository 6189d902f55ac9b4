import type { ActOrigin } from "../metadata/index.ts";
import { RegistryError } from "../oci/index.ts";
import { type Clock, RecentlyUsed, type Soon, whenThere } from "../runtime/index.ts";
import {
  type AccessDirectory,
  type AccessView,
  ANONYMOUS,
  type Caller,
  isUsable,
  type Principal,
  principalOf,
} from "../access/index.ts";
import type { Authenticator, Challenge, RequestOrigin } from "./authenticator.ts";
import { parseBasicCredentials } from "./basic-credentials.ts";
import type { CertificateSignIn } from "./client-certificates/certificate-sign-in.ts";
import type { Identity, SignIn } from "./sign-in/sign-in.ts";
import { limitsOfToken } from "./tokens/limits-of-token.ts";
import { type BearerVerifier, invalidToken, type VerifiedToken } from "./tokens/verified-token.ts";

export interface RuledAuthenticatorParts {
  readonly directory: AccessDirectory;
  readonly signIn: SignIn;
  /** Absent: certificates say nothing. */
  readonly certificates?: CertificateSignIn | undefined;
  /** Absent: no token is taken. */
  readonly tokens?: BearerVerifier | undefined;
  readonly challenge: (challenge: Challenge) => string;
  readonly clock: Clock;
  /** Random, of this process alone. */
  readonly processKey: Uint8Array;
  /** Another value after a change outside of the database, such as of a password file. */
  readonly outsideVersion: () => unknown;
}

interface KnownCaller {
  readonly caller: Caller;
  readonly view: AccessView;
  readonly untilMs: number;
}

/** About how much memory callers that are known by their header may take. */
const KNOWN_BYTES = 4 * 1024 * 1024;
/** What a caller takes with the decisions that it remembers. */
const CALLER_BYTES = 2048;
/** So long a password is not asked for again; how long it is held for right beyond that is the sign-in's business. */
const PASSWORD_MS = 10_000;

/** Lets in by passwords, secrets and tokens those whom the rules know, to do what the rules allow. */
export class RuledAuthenticator implements Authenticator {
  readonly #parts: RuledAuthenticatorParts;
  readonly #prefix: string;
  readonly #known = new RecentlyUsed<KnownCaller>(KNOWN_BYTES);
  #view: AccessView | undefined;
  #outsideVersion: unknown;

  constructor(parts: RuledAuthenticatorParts) {
    this.#parts = parts;
    this.#prefix = Buffer.from(parts.processKey).toString("base64");
  }

  challenge(challenge: Challenge): string {
    return this.#parts.challenge(challenge);
  }

  authenticate(authorization: string | null, from: RequestOrigin): Soon<Caller> {
    return whenThere(this.#parts.directory.now(), (view) => {
      if (authorization === null) return this.#byCertificate(view, from);
      this.#forgetIfChanged(view);
      const isToken = authorization.startsWith("Bearer ");
      const key = isToken ? authorization : this.#passwordKey(authorization);
      const known = this.#known.get(key)?.value;
      const isStill = known?.view === view && this.#parts.clock.nowMs() < known.untilMs;
      // While somebody is locked out, who comes with a password that is known may be guessing.
      if (isStill && (isToken || !this.#parts.signIn.isAnybodyWaiting())) return known.caller;
      return this.#find(authorization, key, from);
    });
  }

  /** Tokens end soon, and to hash them costs; passwords are good for long, and what is kept must not be. */
  #passwordKey(authorization: string): string {
    return Bun.SHA256.hash(this.#prefix + authorization, "base64");
  }

  /** All that is known is of the present view: callers of others would keep all of their rules in memory. */
  #forgetIfChanged(view: AccessView): void {
    const version = this.#parts.outsideVersion();
    if (view !== this.#view || version !== this.#outsideVersion) this.#known.clear();
    this.#view = view;
    this.#outsideVersion = version;
  }

  async #find(authorization: string, key: string, from: RequestOrigin): Promise<Caller> {
    const origin = originOf(from);
    const token = /^bearer +([\w.~+/-]+=*) *$/i.exec(authorization)?.[1];
    const outsideVersion = this.#outsideVersion;
    const found = token === undefined ? this.#byPassword(authorization, origin) : this.#byToken(token, origin);
    const { caller, view, untilMs } = await found;
    const isPresent = view === this.#view && outsideVersion === this.#outsideVersion;
    if (untilMs > 0 && isPresent) this.#known.set(key, { caller, view, untilMs }, CALLER_BYTES);
    return caller;
  }

  /** Whoever sends something else as well means that. */
  #byCertificate(view: AccessView, from: RequestOrigin): Soon<Caller> {
    const { certificates } = this.#parts;
    const certificate = certificates && from.clientCertificate;
    if (!certificate) return view.anonymous;
    const found = certificates.accountOf(certificate, (name) => view.findAccount(name), originOf(from));
    return whenThere(found, (account) => (account ? callerOf(view, { account, limits: [] }) : view.anonymous));
  }

  async #byPassword(authorization: string, from: ActOrigin): Promise<KnownCaller> {
    const credentials = parseBasicCredentials(authorization);
    if (!credentials) {
      const view = await this.#parts.directory.now();
      return { caller: view.anonymous, view, untilMs: 0 };
    }
    // What changes from here on need not be seen in the account, which then must not be known under the rules after it.
    const before = await this.#parts.directory.now();
    const identity = await this.#parts.signIn.byPassword(credentials, from);
    const { expiresAtMs = Infinity, vouchedUntilMs = Infinity } = identity;
    const untilMs = Math.min(this.#parts.clock.nowMs() + PASSWORD_MS, expiresAtMs, vouchedUntilMs);
    return { caller: callerOf(await this.#parts.directory.now(), identity), view: before, untilMs };
  }

  async #byToken(text: string, from: ActOrigin): Promise<KnownCaller> {
    const { tokens, directory } = this.#parts;
    if (!tokens) throw new RegistryError("token-invalid", "tokens are not taken here: send user name and password");
    const token = await tokens.verifyExpired(text);
    const endedAtMs = token.isExpired ? token.expiresAtMs : undefined;
    const vouchedUntilMs = await this.#requireVouched(token, from);
    const view = await directory.now();
    const principal = await this.#principalOf(view, token);
    const { limits, access } = token;
    const caller = view.callerOf({ principal, limits, token: limitsOfToken(access), tokenEndedAtMs: endedAtMs });
    return { caller, view, untilMs: endedAtMs === undefined ? Math.min(endOf(token, principal), vouchedUntilMs) : 0 };
  }

  /**
   * Who is out in the directory is out here, though the token goes on; while the directory cannot be asked, the token is enough.
   * @returns until when that need not be asked again
   */
  async #requireVouched(token: VerifiedToken, from: ActOrigin): Promise<number> {
    const { directory, signIn, clock } = this.#parts;
    const { account } = await this.#principalOf(await directory.now(), token);
    if (!account) return Infinity;
    try {
      const untilMs = await signIn.vouchedUntilMs(account, from);
      if (untilMs !== undefined) return untilMs;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.kind !== "unavailable") throw error;
      return clock.nowMs() + PASSWORD_MS;
    }
    throw invalidToken("has been taken back");
  }

  /** @throws RegistryError `token-invalid` if the account has changed so that its tokens hold no longer */
  async #principalOf(view: AccessView, { subject, generation }: VerifiedToken): Promise<Principal> {
    if (subject === "") return ANONYMOUS;
    const account = await view.findAccount(subject);
    if (!account || account.generation !== generation || !isUsable(account, this.#parts.clock.nowMs()))
      throw invalidToken("has been taken back");
    return principalOf(account);
  }
}

/** Of an act of whom nobody knows yet. */
function originOf({ address, requestId }: RequestOrigin): ActOrigin {
  return { actor: undefined, address, requestId };
}

/** The account may be given an end after the token was issued. */
function endOf({ expiresAtMs }: VerifiedToken, { account }: Principal): number {
  return Math.min(expiresAtMs, account?.expiresAtMs ?? expiresAtMs);
}

/**
 * Whoever has proved to be somebody, as the rules see them.
 * @throws RegistryError `password-change-needed`
 */
export function callerOf(view: AccessView, { account, limits }: Pick<Identity, "account" | "limits">): Caller {
  if (account.mustChangePassword)
    throw new RegistryError(
      "password-change-needed",
      `the password must be changed before anything else: berth login <this registry> -u ${account.name}`,
    );
  return view.callerOf({ principal: principalOf(account), limits });
}
