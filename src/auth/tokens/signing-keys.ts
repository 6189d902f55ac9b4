import type { CryptoKey } from "jose";
import {
  insertTokenKey,
  listTokenKeys,
  type MetadataDatabase,
  type Queries,
  removeSpentTokenKeys,
  type TokenKeyRecord,
} from "../../metadata/index.ts";
import type { Clock, Log, Soon } from "../../runtime/index.ts";
import type { Seal } from "./seal.ts";
import { loadTokenKey, makeTokenKey, type PublicJwk, type TokenAlgorithm, type TokenKey } from "./token-key.ts";
import { EXPIRED_GRACE_MS, MAX_TOKEN_LIFETIME_MS } from "./token-times.ts";

const DAY_MS = 24 * 3_600_000;
const ROTATION_MS = 30 * DAY_MS;

/** A key is published for this long before the first token is signed with it. */
const PUBLISHED_AHEAD_MS = DAY_MS;

/** The key that another process makes at the same time may be sealed with another secret. */
const MAX_ATTEMPTS = 3;

/** Names of keys that nobody knows must not cost a query each. */
const RELOAD_INTERVAL_MS = 1000;

export interface SigningKeysParts {
  readonly metadata: Pick<MetadataDatabase, "reads" | "transaction">;
  readonly seal: Seal;
  readonly algorithm: TokenAlgorithm;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn" | "error">;
}

export type KeyForSigning = TokenKey & { readonly privateKey: CryptoKey };

/**
 * The keys of the registry's own tokens, which all its processes share through the database. Every 30 days another one signs;
 * it is made a day ahead by the process that first has something to sign then. Those before it go on verifying as long as
 * there can be tokens of theirs.
 */
export class SigningKeys {
  readonly #parts: SigningKeysParts;
  #keys: ReadonlyMap<string, TokenKey> = new Map();
  readonly #broken = new Set<string>();
  #reloadedAtMs = Number.NEGATIVE_INFINITY;
  #reloading: Promise<void> | undefined;
  #renewing: Promise<KeyForSigning> | undefined;

  /** Makes the first key if there is none. @throws MetadataError */
  static async open(parts: SigningKeysParts): Promise<SigningKeys> {
    const keys = new SigningKeys(parts);
    await keys.keyForSigning();
    return keys;
  }

  private constructor(parts: SigningKeysParts) {
    this.#parts = parts;
  }

  /** @throws MetadataError if a new one is needed and cannot be kept */
  keyForSigning(): Soon<KeyForSigning> {
    const usable = this.#usableKeys();
    const [first] = usable;
    if (first && this.#lastsLongEnough(usable)) return first;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** The key of this name, if tokens of it may be believed. @throws MetadataError */
  find(id: string): Soon<TokenKey | undefined> {
    const known = this.#valid(id);
    return known ?? this.#findNew(id);
  }

  /** All keys that tokens can be signed with, for others who verify them. @throws MetadataError */
  async publicKeys(): Promise<readonly PublicJwk[]> {
    await this.#reloadIfDue();
    const nowMs = this.#parts.clock.nowMs();
    return [...this.#keys.values()]
      .filter(({ verifiesUntilMs }) => nowMs < verifiesUntilMs)
      .map(({ publicJwk }) => publicJwk);
  }

  async #findNew(id: string): Promise<TokenKey | undefined> {
    await this.#reloadIfDue();
    return this.#valid(id);
  }

  #valid(id: string): TokenKey | undefined {
    const key = this.#keys.get(id);
    return key && this.#parts.clock.nowMs() < key.verifiesUntilMs ? key : undefined;
  }

  /** The next to end first: its tokens are known everywhere. */
  #usableKeys(): readonly KeyForSigning[] {
    const { algorithm, clock } = this.#parts;
    const nowMs = clock.nowMs();
    return [...this.#keys.values()].filter(
      (key): key is KeyForSigning =>
        key.privateKey !== undefined && key.algorithm === algorithm && nowMs < key.signsUntilMs,
    );
  }

  #lastsLongEnough(keys: readonly { readonly signsUntilMs: number }[]): boolean {
    const untilMs = this.#parts.clock.nowMs() + PUBLISHED_AHEAD_MS;
    return keys.some(({ signsUntilMs }) => signsUntilMs > untilMs);
  }

  async #renew(): Promise<KeyForSigning> {
    const [before] = this.#usableKeys();
    try {
      await this.#reload();
      for (let attempt = 0; attempt < MAX_ATTEMPTS && !this.#lastsLongEnough(this.#usableKeys()); attempt++) {
        await this.#makeNext();
        await this.#reload();
      }
    } catch (error) {
      if (!before) throw error;
      this.#parts.log.error("the next key for tokens cannot be made: the present one goes on", { error });
    }
    const [key] = this.#usableKeys();
    if (key) return key;
    throw new Error("the key for tokens that was just made cannot be used");
  }

  async #makeNext(): Promise<void> {
    const { algorithm, seal, clock, metadata, log } = this.#parts;
    const nowMs = clock.nowMs();
    const signsUntilMs = nowMs + ROTATION_MS + PUBLISHED_AHEAD_MS;
    const verifiesUntilMs = signsUntilMs + MAX_TOKEN_LIFETIME_MS + EXPIRED_GRACE_MS;
    const key = await makeTokenKey(algorithm, seal, { createdAtMs: nowMs, signsUntilMs, verifiesUntilMs });
    const isMade = await metadata.transaction((queries) => this.#insertUnlessThere(queries, key));
    if (isMade) log.info("a new key for tokens was made", { key: key.id, algorithm });
  }

  async #insertUnlessThere(queries: Queries, key: TokenKeyRecord): Promise<boolean> {
    const there = await listTokenKeys(queries, key.createdAtMs);
    const usable = there.filter(({ id, algorithm }) => algorithm === key.algorithm && this.#mayBeUsable(id));
    if (this.#lastsLongEnough(usable)) return false;
    await removeSpentTokenKeys(queries, key.createdAtMs);
    await insertTokenKey(queries, key);
    return true;
  }

  /** One that this process knows and cannot open does not count. */
  #mayBeUsable(id: string): boolean {
    const known = this.#keys.get(id);
    return known ? known.privateKey !== undefined : !this.#broken.has(id);
  }

  async #reloadIfDue(): Promise<void> {
    // The clock may be set back.
    if (Math.abs(this.#parts.clock.nowMs() - this.#reloadedAtMs) >= RELOAD_INTERVAL_MS) await this.#reload();
    else await this.#reloading;
  }

  #reload(): Promise<void> {
    this.#reloading ??= this.#load().finally(() => (this.#reloading = undefined));
    return this.#reloading;
  }

  async #load(): Promise<void> {
    const { metadata, clock } = this.#parts;
    this.#reloadedAtMs = clock.nowMs();
    const keys = new Map<string, TokenKey>();
    for (const record of await listTokenKeys(metadata.reads, clock.nowMs())) {
      if (this.#broken.has(record.id)) continue;
      const key = this.#keys.get(record.id) ?? (await this.#open(record));
      if (key) keys.set(key.id, key);
    }
    this.#keys = keys;
  }

  async #open(record: TokenKeyRecord): Promise<TokenKey | undefined> {
    const { seal, log } = this.#parts;
    try {
      const key = await loadTokenKey(record, seal);
      if (!key.privateKey)
        log.warn("a key for tokens was sealed with another secret: its tokens hold on, new ones get another key", {
          key: record.id,
        });
      return key;
    } catch (error) {
      this.#broken.add(record.id);
      log.error("a key for tokens in the database is broken and left out", { key: record.id, error });
      return undefined;
    }
  }
}
