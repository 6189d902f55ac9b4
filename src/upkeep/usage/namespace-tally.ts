import type { UsageCounts, UsageRow } from "../../metadata/index.ts";

/** Stands for the namespaces that are not told apart; no namespace can be called so. */
export const OTHER_NAMESPACES = "_other";

type Sums = { -readonly [Name in keyof UsageCounts]: number };

/** Adds up what was moved by namespace at the top, since the start: the first so many are told apart, so that memory and metrics stay small. */
export class NamespaceTally {
  readonly #mostNamespaces: number;
  readonly #sums = new Map<string, Sums>();

  constructor(mostNamespaces: number) {
    this.#mostNamespaces = mostNamespaces;
  }

  add(rows: readonly UsageRow[]): void {
    for (const row of rows) {
      const sums = this.#sumsOf(row.repository.split("/", 1)[0] ?? "");
      for (const name of Object.keys(sums) as (keyof Sums)[]) sums[name] += row[name];
    }
  }

  /** One quantity of each. */
  list(name: keyof UsageCounts): readonly { readonly namespace: string; readonly value: number }[] {
    return [...this.#sums].map(([namespace, sums]) => ({ namespace, value: sums[name] }));
  }

  #sumsOf(namespace: string): Sums {
    const known = this.#sums.get(namespace);
    if (known) return known;
    const isToldApart = this.#sums.size - (this.#sums.has(OTHER_NAMESPACES) ? 1 : 0) < this.#mostNamespaces;
    const name = isToldApart ? namespace : OTHER_NAMESPACES;
    const sums = this.#sums.get(name) ?? { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0 };
    this.#sums.set(name, sums);
    return sums;
  }
}
