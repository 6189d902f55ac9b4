import type { Clock } from "../../../runtime/index.ts";
import type { ReportFault } from "./followed-file.ts";
import { keysOfSet, type NamedKeys } from "./named-keys.ts";

/** Asks for a key set; with a limit of time and of size, and without following redirects. */
export type FetchKeySet = (url: string) => Promise<Response>;

export interface RemoteKeySetParts {
  readonly fetch: FetchKeySet;
  readonly clock: Clock;
  readonly report: ReportFault;
}

/** A key that is taken out of the set is believed for this long at most, while the server answers. */
const MAX_AGE_MS = 10 * 60_000;

/** So long keys are believed of a server that does not answer. */
const MAX_STALE_MS = 24 * 3_600_000;

/** Whoever makes up names of keys must not make us ask for each. */
const COOLDOWN_MS = 10_000;

const NOTHING: NamedKeys = new Map();

/** The keys at a URL: asked for when they are old, and when a token names one that is not there. */
export class RemoteKeySet {
  readonly #url: string;
  readonly #parts: RemoteKeySetParts;
  #keys: NamedKeys = NOTHING;
  #text = "";
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;

  constructor(url: string, parts: RemoteKeySetParts) {
    this.#url = url;
    this.#parts = parts;
  }

  get current(): NamedKeys {
    return this.#keys;
  }

  /** Whether keys may be missing because the server does not give them. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** @returns whether there is something new */
  async follow(): Promise<boolean> {
    return this.#ageMs(this.#fetchedAtMs) >= MAX_AGE_MS && (await this.refresh());
  }

  /** Asks now, if it was not just done. @returns whether there is something new */
  async refresh(): Promise<boolean> {
    if (this.#ageMs(this.#triedAtMs) < COOLDOWN_MS) return false;
    this.#triedAtMs = this.#parts.clock.nowMs();
    try {
      const isNew = await this.#fetch();
      this.#isFailing = false;
      return isNew;
    } catch (fault) {
      if (!this.#isFailing) this.#parts.report(`${this.#url} gives no keys to verify tokens with`, fault);
      this.#isFailing = true;
      return this.#dropIfStale();
    }
  }

  async #fetch(): Promise<boolean> {
    const response = await this.#parts.fetch(this.#url);
    if (!response.ok) throw new Error(`it answers with status ${response.status}`);
    const text = await response.text();
    const keys = await keysOfSet(text);
    this.#fetchedAtMs = this.#parts.clock.nowMs();
    const isNew = text !== this.#text;
    this.#keys = keys;
    this.#text = text;
    return isNew;
  }

  #dropIfStale(): boolean {
    if (this.#keys.size === 0 || this.#ageMs(this.#fetchedAtMs) < MAX_STALE_MS) return false;
    this.#keys = NOTHING;
    this.#text = "";
    return true;
  }

  /** The clock may be set back. */
  #ageMs(atMs: number): number {
    return Math.abs(this.#parts.clock.nowMs() - atMs);
  }
}
