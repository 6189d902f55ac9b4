import { loadAccessRules, type MetadataDatabase } from "../metadata/index.ts";
import { type Clock, RecentlyUsed, type Soon, whenThere } from "../runtime/index.ts";
import type { AccessRules } from "./rules/access-rules.ts";
import { readRules } from "./rules/read-rules.ts";
import type { Account } from "./accounts/account.ts";
import { findAccount } from "./accounts/find-account.ts";
import { type Caller, type CallerFacts, RuledCaller } from "./caller.ts";
import { ANONYMOUS } from "./principal.ts";

export interface AccessDirectoryParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
}

/** What decides who may do what, as it is now: looked at before every decision, read again only when something changed. */
export class AccessDirectory {
  readonly #parts: AccessDirectoryParts;
  #view: AccessView | undefined;
  #loading: Promise<AccessView> | undefined;

  constructor(parts: AccessDirectoryParts) {
    this.#parts = parts;
  }

  /** At once as long as nothing has changed. */
  now(): Soon<AccessView> {
    return whenThere(this.generation(), (generation) =>
      this.#view?.generation === generation ? this.#view : this.#loadOnce(),
    );
  }

  /** The number of the last change. */
  generation(): Soon<number> {
    return whenThere(this.#parts.metadata.hot.findCounter("access", "generation"), (counter) => counter?.value ?? 0);
  }

  /** Those who come while one reads wait for the next reading: what they must see may be later than its beginning. */
  async #loadOnce(): Promise<AccessView> {
    const before = this.#loading;
    if (before) {
      await before.catch(() => undefined);
      return this.now();
    }
    this.#loading = this.#load();
    try {
      return await this.#loading;
    } finally {
      this.#loading = undefined;
    }
  }

  async #load(): Promise<AccessView> {
    const records = await loadAccessRules(this.#parts.metadata.reads);
    this.#view = new AccessView(records.generation, readRules(records), this.#parts);
    return this.#view;
  }
}

/** About how much memory the accounts of one moment may take. */
const REMEMBERED_BYTES = 2 * 1024 * 1024;
const ACCOUNT_BYTES = 512;

/** Accounts and rules, as they are between two changes. */
export class AccessView {
  readonly generation: number;
  readonly rules: AccessRules;
  readonly anonymous: Caller;
  readonly #parts: AccessDirectoryParts;
  readonly #accounts = new RecentlyUsed<Soon<Account | undefined>>(REMEMBERED_BYTES);

  constructor(generation: number, rules: AccessRules, parts: AccessDirectoryParts) {
    this.generation = generation;
    this.rules = rules;
    this.#parts = parts;
    this.anonymous = this.callerOf({ principal: ANONYMOUS });
  }

  findAccount(name: string): Soon<Account | undefined> {
    const known = this.#accounts.get(name);
    if (known) return known.value;
    const found = findAccount(this.#parts.metadata.reads, name);
    const keep = (value: Soon<Account | undefined>) => this.#accounts.set(name, value, ACCOUNT_BYTES + name.length);
    void found.then(keep, () => undefined);
    return found;
  }

  callerOf(facts: CallerFacts): Caller {
    return new RuledCaller(facts, this.rules, () => this.#parts.clock.nowMs());
  }
}
