/** The digest of what a path gives; `undefined` where there is nothing. */
export type Value = string | undefined;

/** What a request would change. */
export interface Change {
  readonly path: string;
  readonly value: Value;
}

/** A request that was sent, and what is known about it. Without any of these it may or may not have happened. */
export interface Sent {
  /** It was answered with a success. */
  acknowledge(): void;
  /** It was answered in a way that says it did nothing. */
  refuse(): void;
}

/**
 * What a registry may hold, from what was asked of it and what it acknowledged.
 *
 * A path whose last change was acknowledged has one possible value; one with a change that was sent and never answered has
 * two. Changes of one request happen together or not at all. A path is changed by one client at a time.
 */
export class Ledger {
  readonly #possible = new Map<string, ReadonlySet<Value>>();
  readonly #unanswered = new Set<readonly Change[]>();
  readonly #touched = new Set<string>();

  /** Something that nothing was said about yet: it must not be there. */
  plan(path: string): void {
    if (!this.#possible.has(path)) this.#possible.set(path, new Set([undefined]));
    this.#touched.add(path);
  }

  send(changes: readonly Change[]): Sent {
    const before = changes.map(({ path }) => [path, this.#valuesOf(path)] as const);
    this.#forgetUnanswered(changes);
    const effective = changes.filter(({ path, value }) => !this.isSurely(path, value));
    for (const { path, value } of changes) this.#set(path, [...this.#valuesOf(path), value]);
    if (effective.length > 0) this.#unanswered.add(effective);
    return {
      acknowledge: () => {
        this.#unanswered.delete(effective);
        for (const { path, value } of changes) this.#set(path, [value]);
      },
      refuse: () => {
        this.#unanswered.delete(effective);
        for (const [path, values] of before) this.#set(path, [...values]);
      },
    };
  }

  isSurely(path: string, value: Value): boolean {
    const values = this.#valuesOf(path);
    return values.size === 1 && values.has(value);
  }

  mayBe(path: string, value: Value): boolean {
    return this.#valuesOf(path).has(value);
  }

  paths(): readonly string[] {
    return [...this.#possible.keys()];
  }

  /** What was planned or changed since the last time. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  /**
   * Compares with what is really there, which is what counts from now on.
   *
   * @throws with everything that was lost, appeared from nowhere or happened by half.
   */
  settle(actual: ReadonlyMap<string, Value>): void {
    const wrong = [...this.#findImpossible(actual), ...this.#findHalves(actual)];
    if (wrong.length > 0) throw new Error(`${wrong.length} violations:\n${wrong.slice(0, 20).join("\n")}`);
    for (const [path, value] of actual) this.#possible.set(path, new Set([value]));
  }

  #findImpossible(actual: ReadonlyMap<string, Value>): string[] {
    return [...actual]
      .filter(([path, value]) => !this.mayBe(path, value))
      .map(
        ([path, value]) => `${path} is ${describe(value)}, not ${[...this.#valuesOf(path)].map(describe).join(" or ")}`,
      );
  }

  #findHalves(actual: ReadonlyMap<string, Value>): string[] {
    const halves: string[] = [];
    for (const changes of this.#unanswered) {
      if (!changes.every(({ path }) => actual.has(path))) continue;
      this.#unanswered.delete(changes);
      const done = changes.filter(({ path, value }) => actual.get(path) === value).length;
      if (done > 0 && done < changes.length) halves.push(`only ${done} of ${JSON.stringify(changes)} happened`);
    }
    return halves;
  }

  /** What happened to an earlier request cannot be told any more. */
  #forgetUnanswered(changes: readonly Change[]): void {
    const paths = new Set(changes.map(({ path }) => path));
    for (const earlier of this.#unanswered) {
      if (earlier.some(({ path }) => paths.has(path))) this.#unanswered.delete(earlier);
    }
  }

  #valuesOf(path: string): ReadonlySet<Value> {
    return this.#possible.get(path) ?? new Set([undefined]);
  }

  #set(path: string, values: readonly Value[]): void {
    this.#possible.set(path, new Set(values));
    this.#touched.add(path);
  }
}

function describe(value: Value): string {
  return value ?? "nothing";
}
