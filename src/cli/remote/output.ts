import { type Columns, formatRecord, formatTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** What a command tells: tables and sentences for people, or JSON for scripts. */
export class Output {
  readonly #stdout: Terminal["stdout"];
  readonly #isJson: boolean;

  constructor(stdout: Terminal["stdout"], isJson: boolean) {
    this.#stdout = stdout;
    this.#isJson = isJson;
  }

  list<T>(rows: readonly T[], columns: Columns<T>): void {
    if (this.#isJson) this.#json(rows);
    else this.#stdout.write(rows.length === 0 ? "There are none.\n" : formatTable(rows, columns, this.#width()));
  }

  record<T>(row: T, columns: Columns<T>): void {
    if (this.#isJson) this.#json(row);
    else this.#stdout.write(formatRecord(row, columns));
  }

  /** @param result what scripts get in the place of the sentence */
  done(sentence: string, result?: unknown): void {
    if (!this.#isJson) this.#stdout.write(`${sentence}\n`);
    else if (result !== undefined) this.#json(result);
  }

  text(text: string, result: unknown): void {
    if (this.#isJson) this.#json(result);
    else this.#stdout.write(text);
  }

  /** Whoever reads it by a program gets all of it. */
  #width(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns || undefined : undefined;
  }

  #json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }
}
