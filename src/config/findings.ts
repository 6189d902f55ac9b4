import type { ConfigProblem } from "./config-problem.ts";
import { formatPath, type KeyPath } from "./raw-tree.ts";

/** Collects all that is found while one configuration is read. */
export class Findings {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: ConfigProblem[] = [];
  readonly #variables = new Map<string, string>();
  readonly #lineOf: (path: KeyPath) => { source: string; exact: boolean } | undefined;

  /** `lineOf` finds the line of the key, or of the nearest group around it (`exact: false`). */
  constructor(lineOf: (path: KeyPath) => { source: string; exact: boolean } | undefined) {
    this.#lineOf = lineOf;
  }

  /** Remembers that a variable gave the value under the path. */
  setByVariable(path: KeyPath, variable: string): void {
    this.#variables.set(formatPath(path), variable);
  }

  problem(path: KeyPath, message: string, suggestion?: string): void {
    this.problems.push(this.#entry(path, message, suggestion));
  }

  warning(path: KeyPath, message: string): void {
    this.warnings.push(this.#entry(path, message, undefined));
  }

  #entry(path: KeyPath, message: string, suggestion: string | undefined): ConfigProblem {
    return { path: formatPath(path), source: this.#sourceOf(path), message, ...(suggestion && { suggestion }) };
  }

  #sourceOf(path: KeyPath): string {
    for (let length = path.length; length > 0; length -= 1) {
      const variable = this.#variables.get(formatPath(path.slice(0, length)));
      if (variable !== undefined) return variable;
    }
    const line = this.#lineOf(path);
    if (line?.exact === true) return line.source;
    return this.#variableBelow(path) ?? line?.source ?? "default";
  }

  #variableBelow(path: KeyPath): string | undefined {
    const start = formatPath(path);
    for (const [key, variable] of this.#variables) {
      if (key.startsWith(`${start}.`) || key.startsWith(`${start}[`)) return variable;
    }
    return undefined;
  }
}
