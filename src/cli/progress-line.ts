import { formatBytes } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;
const BAR_WIDTH = 24;

/** How far something is. */
export interface ShownProgress {
  /** From 0 to 1, shown as a bar; `undefined`: without one, as where nobody knows how much there is. */
  readonly part: number | undefined;
  readonly facts: readonly string[];
}

export interface ProgressOptions {
  /** Nothing is written where no terminal is, such as into a file or a mail. */
  readonly onTerminalOnly?: boolean;
}

/** How far something is: one line that changes on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #output: Terminal["stderr"];
  readonly #stopwatchMs: () => number;
  readonly #everyMs: number;
  #writtenAtMs: number;
  #isShown = false;

  constructor(output: Terminal["stderr"], stopwatchMs: () => number, { onTerminalOnly = false }: ProgressOptions = {}) {
    this.#output = output;
    this.#stopwatchMs = stopwatchMs;
    const elsewhereMs = onTerminalOnly ? Infinity : PLAIN_EVERY_MS;
    this.#everyMs = output.isTTY ? TERMINAL_EVERY_MS : elsewhereMs;
    this.#writtenAtMs = stopwatchMs();
  }

  /** To be called as often as something changes. */
  update(describe: () => ShownProgress): void {
    const nowMs = this.#stopwatchMs();
    if (nowMs - this.#writtenAtMs < this.#everyMs) return;
    this.#writtenAtMs = nowMs;
    const { part, facts } = describe();
    const shown = part === undefined ? facts : [`${bar(part)} ${Math.floor(part * 100)} %`, ...facts];
    const text = shown.join("  ");
    this.#output.write(this.#output.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
    this.#isShown = true;
  }

  /** Writes lines of their own. */
  print(text: string): void {
    this.clear();
    this.#output.write(text);
  }

  clear(): void {
    if (this.#isShown && this.#output.isTTY) this.#output.write("\r\u001B[K");
    this.#isShown = false;
  }
}

/** Of a whole that may be empty. */
export function partOf(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}

export function bytesOf(doneBytes: number, totalBytes: number): string {
  return `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}

function bar(part: number): string {
  const full = Math.floor(part * BAR_WIDTH);
  return `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}]`;
}
