import { type ActOrigin, recordAct, recordIfPossible, type ReportUnrecorded } from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Soon } from "../../runtime/index.ts";
import {
  type Account,
  accountKey,
  type Accounts,
  type Attempter,
  secretKindOf,
  VerifiedPasswords,
} from "../../access/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";
import { ExternalUsers, vouchedUntilMs } from "./external-users.ts";
import { type KnownSignIn, KnownSignIns } from "./known-sign-ins.ts";
import { LastUsed } from "./last-used.ts";
import type { PasswordSource } from "./password-source.ts";
import { isRefusal, type Proof, type Refusal, type SignInMethod } from "./proof.ts";
import { type Check, methodOf, prove } from "./prove.ts";
import { createRefreshToken, REFRESH_TOKEN_LIFE_MS } from "./refresh-tokens.ts";
import type { Identity, SignIn } from "./sign-in.ts";
import { TurnsByKey } from "./turns-by-key.ts";
import type { WorkloadTokens } from "./workload-tokens.ts";

export interface SignInOptions {
  /** How long the answer of a directory holds: who is disabled there is out within this time. */
  readonly externalCacheMs: number;
  /** A failed sign-in with a password is answered no earlier, so that the time says little of who had to work for it. */
  readonly minFailureMs: number;
}

const DEFAULT_SIGN_IN_OPTIONS: SignInOptions = { externalCacheMs: 60_000, minFailureMs: 250 };

export interface SignInParts {
  readonly accounts: Accounts;
  /** Asked in this order for a name that no account has. */
  readonly sources: readonly PasswordSource[];
  /** Absent: ID tokens of jobs are not taken. */
  readonly workloads?: WorkloadTokens | undefined;
  readonly reportUnrecorded: ReportUnrecorded;
  /** The number of the last change of who may do what: asked at each sign-in. */
  readonly accessGeneration: () => Soon<number>;
  /** Random, of this process alone. */
  readonly processKey: Uint8Array;
  readonly options?: Partial<SignInOptions>;
}

/** Finds out who somebody is among local users, those of other sources, robots, tokens and jobs. */
export function createSignIn(parts: SignInParts): SignIn {
  return new SignInByCredentials(parts);
}

/** What somebody sends, and how it is taken. */
interface Attempt {
  readonly credentials: BasicCredentials;
  readonly method: SignInMethod;
  readonly from: ActOrigin;
  /** What it is known by. */
  readonly mark: string;
}

/** A good sign-in stands in the audit trail once in this time, for each client's address. */
const RECORD_EVERY_MS = 60 * 60 * 1000;

/** In the place of a user name, which is not sent with a refresh token. */
const NO_NAME = "<token>";

class SignInByCredentials implements SignIn {
  readonly #parts: SignInParts;
  readonly #options: SignInOptions;
  readonly #check: Check;
  readonly #known: KnownSignIns;
  readonly #lastUsed: LastUsed;
  /** Otherwise many guesses at once would all be made before the first is counted. */
  readonly #turns = new TurnsByKey();

  constructor(parts: SignInParts) {
    const { accounts, sources, processKey } = parts;
    this.#parts = parts;
    this.#options = { ...DEFAULT_SIGN_IN_OPTIONS, ...parts.options };
    const cacheMs = this.#options.externalCacheMs;
    this.#check = {
      accounts,
      sources,
      workloads: parts.workloads,
      verified: new VerifiedPasswords(processKey, (password, hash) => accounts.passwords.verify(password, hash)),
      externalUsers: new ExternalUsers({ accounts, sources, processKey, cacheMs }),
    };
    this.#known = new KnownSignIns(processKey);
    this.#lastUsed = new LastUsed(accounts.metadata, accounts.clock);
  }

  byPassword(credentials: BasicCredentials, from: ActOrigin): Promise<Identity> {
    return this.#attempt(credentials, methodOf(credentials), from);
  }

  byRefreshToken(token: string, from: ActOrigin): Promise<Identity> {
    return this.#attempt({ username: NO_NAME, password: token }, "refresh-token", from);
  }

  vouchedUntilMs(account: Account, from: ActOrigin): Promise<number | undefined> {
    return vouchedUntilMs(this.#check.externalUsers, account, from);
  }

  isAnybodyWaiting(): boolean {
    return this.#parts.accounts.lockOut.isAnybodyWaiting();
  }

  createRefreshToken(identity: Identity, from: ActOrigin): Promise<string> {
    return createRefreshToken(this.#parts.accounts, identity, from);
  }

  async #attempt(credentials: BasicCredentials, method: SignInMethod, from: ActOrigin): Promise<Identity> {
    const { accounts } = this.#parts;
    const mark = this.#known.markOf(method, credentials, from.address);
    const attempt: Attempt = { credentials, method, from, mark };
    const known = this.#known.find(attempt.mark);
    if (known && (await this.#isValid(known, attempt))) {
      const expiresAtMs = method === "refresh-token" ? accounts.clock.nowMs() + REFRESH_TOKEN_LIFE_MS : undefined;
      this.#lastUsed.note({ accountId: known.identity.account.id, secretId: known.secretId, expiresAtMs });
      return known.identity;
    }
    if (method !== "password") return this.#prove(attempt);
    return this.#slowly(() => this.#turns.run(accountKey(credentials.username), () => this.#prove(attempt)));
  }

  /**
   * What is known passes while others lock out the account by guessing, and not while its own address is locked out: else whoever
   * shares the address could guess as often as they like.
   */
  async #isValid(known: KnownSignIn, { credentials, method, from }: Attempt): Promise<boolean> {
    const { accounts, accessGeneration } = this.#parts;
    if (known.generation !== (await accessGeneration()) || accounts.clock.nowMs() >= known.untilMs) return false;
    if (method === "password" && this.#parts.accounts.lockOut.isAddressKnownToWait(from.address)) return false;
    if (!known.source) return true;
    return typeof (await known.source.checkPassword(credentials.username, credentials.password)) === "object";
  }

  async #prove(attempt: Attempt): Promise<Identity> {
    const { accounts, accessGeneration } = this.#parts;
    // Who was right before does not guess, whatever has changed since.
    const wasRight = this.#known.find(attempt.mark) !== undefined;
    if (attempt.method === "password")
      await accounts.lockOut.requireOpen(wasRight ? { address: attempt.from.address } : attempterOf(attempt));
    // Before all look-ups: what changes after it makes what is found here invalid.
    const generation = await accessGeneration();
    const { credentials, method, from } = attempt;
    const by = { ...from, actor: from.actor ?? shownName(credentials) };
    const outcome = await prove(this.#check, { credentials, method, by });
    if (isRefusal(outcome)) throw await this.#refuse(attempt, outcome);
    const recordedAtMs = await this.#record(attempt, outcome);
    const { identity, secretId, expiresAtMs, source } = outcome;
    // A job's token says itself how long it is valid, which is not known here.
    if (attempt.method !== "workload-token") {
      const untilMs = Math.min(outcome.untilMs, identity.expiresAtMs ?? Infinity);
      this.#known.keep(attempt.mark, { identity, generation, untilMs, recordedAtMs, secretId, source });
    }
    this.#lastUsed.note({ accountId: identity.account.id, secretId, expiresAtMs });
    return identity;
  }

  /** @returns what to throw */
  async #refuse(attempt: Attempt, { refusal: reason, isNoSecret }: Refusal): Promise<RegistryError> {
    const { metadata, clock, lockOut } = this.#parts.accounts;
    const { method, from, credentials, mark } = attempt;
    const who = attempterOf(attempt);
    this.#known.forget(mark);
    // What cannot be guessed is looked up all the same: a good secret has not to wait for a bad one beside it.
    if (method !== "password") await lockOut.requireOpen(who);
    await metadata.transaction(
      async (queries) => {
        const waitMs = await lockOut.countFailure(queries, who);
        if (isNoSecret) return;
        const detail = { method, reason, ...(waitMs > 0 && { lockedOutMs: waitMs }) };
        const target = shownName(credentials);
        await recordAct(queries, { ...from, act: "sign-in", atMs: clock.nowMs(), outcome: "failure", target, detail });
      },
      { durable: false },
    );
    return new RegistryError("login-failed", "the user name or the password is wrong", {
      detail: { user: shownName(credentials) },
    });
  }

  /** @returns when it was put into the audit trail, now or before */
  async #record({ method, from, mark, credentials }: Attempt, { identity }: Proof): Promise<number> {
    const { accounts, reportUnrecorded } = this.#parts;
    const { metadata, clock, lockOut } = accounts;
    const nowMs = clock.nowMs();
    const recordedAtMs = this.#known.find(mark)?.recordedAtMs;
    if (recordedAtMs !== undefined && nowMs - recordedAtMs < RECORD_EVERY_MS) return recordedAtMs;
    const { name, source } = identity.account;
    const act = { act: "sign-in", target: name, detail: { method, source } };
    await recordIfPossible(
      { metadata, reportUnrecorded },
      { ...from, actor: name, ...act, atMs: nowMs, outcome: "success" },
      async (queries) => {
        if (method === "password") await lockOut.forgive(queries, credentials.username, from.address);
      },
    );
    return nowMs;
  }

  async #slowly(attempt: () => Promise<Identity>): Promise<Identity> {
    const { clock } = this.#parts.accounts;
    const startedAtMs = clock.nowMs();
    try {
      return await attempt();
    } catch (error) {
      const { minFailureMs } = this.#options;
      const waitMs = minFailureMs - Math.max(0, clock.nowMs() - startedAtMs);
      if (error instanceof RegistryError && error.kind === "login-failed" && waitMs > 0) await Bun.sleep(waitMs);
      throw error;
    }
  }
}

/** Only who may have guessed locks out the account. */
function attempterOf({ method, credentials, from: { address } }: Attempt): Attempter {
  return method === "password" ? { name: shownName(credentials), address } : { address };
}

/** As it may be kept and told: people put a secret in the place of the name by mistake. */
function shownName({ username }: BasicCredentials): string {
  const kind = secretKindOf(username);
  return kind === undefined ? shorten(username) : `<${kind} secret>`;
}
