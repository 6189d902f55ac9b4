import {
  clearSignInFailures,
  findSignInFailures,
  type MetadataDatabase,
  putSignInFailures,
  type Queries,
  removeOldSignInFailures,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { addressRange, type Clock, RecentlyUsed } from "../../runtime/index.ts";

export interface LockOutOptions {
  /** From this many failures in a row on, the account waits where they came from, and only there. */
  readonly accountFailures: number;
  /** From this many on, wherever they came from, the account waits everywhere. */
  readonly accountFailuresEverywhere: number;
  /** From this many on, the address waits, whatever the accounts. */
  readonly addressFailures: number;
  /** Doubled with each further failure. */
  readonly firstWaitMs: number;
  readonly maxWaitMs: number;
  /** After so long without a failure it begins anew. */
  readonly forgetAfterMs: number;
}

export const DEFAULT_LOCK_OUT: LockOutOptions = {
  accountFailures: 5,
  accountFailuresEverywhere: 100,
  addressFailures: 20,
  firstWaitMs: 1000,
  maxWaitMs: 15 * 60 * 1000,
  forgetAfterMs: 60 * 60 * 1000,
};

/** Who tries. The name is as it was typed, of an account or of none. */
export interface Attempter {
  readonly name?: string | undefined;
  readonly address?: string | undefined;
}

interface LockOutParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  readonly options: LockOutOptions;
}

/** How often what nobody needs any more is removed. */
const PURGE_EVERY_MS = 60_000;
/** About how much memory it may take to know who waits; who is not known to is asked of the database. */
const WAITS_BYTES = 1024 * 1024;
const ENTRY_BYTES = 100;

/**
 * Makes those wait who fail again and again, longer each time: an account for the addresses that guess at it, an address for all
 * accounts. Who only knows a name does not keep its owner out: that takes many addresses. A name that no account has waits as one that
 * has, so that the wait does not tell.
 */
export class LockOut {
  readonly #parts: LockOutParts;
  /** Until when, by key: what this process knows without asking. */
  readonly #waits = new RecentlyUsed<number>(WAITS_BYTES);
  /** The latest of them. */
  #lastUntilMs = 0;
  #purgedAtMs = 0;

  constructor(parts: LockOutParts) {
    this.#parts = parts;
  }

  /** @throws RegistryError `too-many-requests` with `retryAfterSeconds`, and the name that was typed, as its detail */
  async requireOpen(who: Attempter): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    let untilMs = 0;
    for (const { key } of this.#countersOf(who)) {
      const record = await findSignInFailures(this.#parts.metadata.reads, key);
      this.#remember(key, record?.blockedUntilMs ?? 0);
      untilMs = Math.max(untilMs, record?.blockedUntilMs ?? 0);
    }
    if (nowMs < untilMs) throw lockedOut(untilMs - nowMs, who);
  }

  /** Of what this process knows. */
  isAnybodyWaiting(): boolean {
    return this.#lastUntilMs !== 0 && this.#parts.clock.nowMs() < this.#lastUntilMs;
  }

  /** Of what this process knows, without a query: a failure that it counted itself, or another's that it met. */
  isAddressKnownToWait(address: string | undefined): boolean {
    if (address === undefined || !this.isAnybodyWaiting()) return false;
    const untilMs = this.#waits.get(addressKey(address))?.value;
    return untilMs !== undefined && this.#parts.clock.nowMs() < untilMs;
  }

  /** Counts a failure, in the transaction that records it. @returns how long who failed has to wait now, 0 for not at all */
  async countFailure(queries: Queries, who: Attempter): Promise<number> {
    const { options, clock } = this.#parts;
    const nowMs = clock.nowMs();
    await this.#purge(queries, nowMs);
    let waitMs = 0;
    for (const { key, allowed } of this.#countersOf(who)) {
      const before = await findSignInFailures(queries, key);
      const isRecent = before !== undefined && nowMs - before.failedAtMs < options.forgetAfterMs;
      const failures = (isRecent ? before.failures : 0) + 1;
      const ownWaitMs = waitAfter(failures, allowed, options);
      const blockedUntilMs = ownWaitMs === 0 ? 0 : nowMs + ownWaitMs;
      await putSignInFailures(queries, { key, failures, failedAtMs: nowMs, blockedUntilMs });
      this.#remember(key, blockedUntilMs);
      waitMs = Math.max(waitMs, ownWaitMs);
    }
    return waitMs;
  }

  /** Forgets the failures of who was right from there; not those from elsewhere, nor of the address, which may have tried others. */
  async forgive(queries: Queries, name: string, address: string | undefined): Promise<void> {
    const key = accountKeyAt(name, address);
    this.#waits.delete(key);
    if (await findSignInFailures(queries, key)) await clearSignInFailures(queries, key);
  }

  /** Forgets all failures of an account, wherever they came from. */
  async clear(queries: Queries, name: string): Promise<void> {
    await clearSignInFailures(queries, accountKey(name));
  }

  #countersOf({ name, address }: Attempter): readonly Counter[] {
    const { accountFailures, accountFailuresEverywhere, addressFailures } = this.#parts.options;
    const counters: Counter[] = [];
    if (name !== undefined)
      counters.push(
        { key: accountKeyAt(name, address), allowed: accountFailures },
        { key: accountKey(name), allowed: accountFailuresEverywhere },
      );
    if (address !== undefined && !isLoopback(address))
      counters.push({ key: addressKey(address), allowed: addressFailures });
    return counters;
  }

  #remember(key: string, untilMs: number): void {
    this.#waits.delete(key);
    this.#lastUntilMs = Math.max(this.#lastUntilMs, untilMs);
    if (untilMs > this.#parts.clock.nowMs()) this.#waits.set(key, untilMs, ENTRY_BYTES + key.length);
  }

  async #purge(queries: Queries, nowMs: number): Promise<void> {
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    await removeOldSignInFailures(queries, nowMs - this.#parts.options.forgetAfterMs);
  }
}

function waitAfter(failures: number, allowed: number, { firstWaitMs, maxWaitMs }: LockOutOptions): number {
  return failures < allowed ? 0 : Math.min(maxWaitMs, firstWaitMs * 2 ** (failures - allowed));
}

function lockedOut(waitMs: number, { name: user }: Attempter): RegistryError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new RegistryError(
    "too-many-requests",
    `too many failed sign-ins: try again in ${retryAfterSeconds} ${retryAfterSeconds === 1 ? "second" : "seconds"}`,
    { detail: { retryAfterSeconds, ...(user !== undefined && { user }) } },
  );
}

/** How often something may fail before it waits. */
interface Counter {
  readonly key: string;
  readonly allowed: number;
}

/** Behind it is perhaps a proxy that is not trusted, and with it everybody: one who guesses must not keep out all others. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./i.test(address);
}

/** Directories do not tell upper from lower case: otherwise each way to write a name would have its own attempts. */
export function accountKey(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase();
  return `account:${plain.length <= MAX_KEY_LENGTH ? plain : Bun.hash(plain).toString(16)}`;
}

/** No account has a longer name. */
const MAX_KEY_LENGTH = 512;

/** Below the account's own key, so that both are cleared together. No name has a tab. */
function accountKeyAt(name: string, address: string | undefined): string {
  return `${accountKey(name)}\t${address === undefined ? "" : addressRange(address)}`;
}

function addressKey(address: string): string {
  return `address:${addressRange(address)}`;
}
