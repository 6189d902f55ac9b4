import { formatBytes } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;

export interface TransferState {
  /** What has been done with them: `verified`, `stored`, `written`. */
  readonly verb: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How far a transfer is: one line that changes on a terminal, a line now and then elsewhere. */
export class TransferProgressLine {
  readonly #output: Terminal["stderr"];
  readonly #stopwatchMs: () => number;
  #writtenAtMs: number;
  #isShown = false;

  constructor(output: Terminal["stderr"], stopwatchMs: () => number) {
    this.#output = output;
    this.#stopwatchMs = stopwatchMs;
    this.#writtenAtMs = stopwatchMs();
  }

  /** To be called as often as something changes. */
  update({ verb, doneBytes, totalBytes }: TransferState): void {
    const nowMs = this.#stopwatchMs();
    if (nowMs - this.#writtenAtMs < (this.#output.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#writtenAtMs = nowMs;
    const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
    const text = `${percent} %  ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} ${verb}`;
    this.#output.write(this.#output.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown && this.#output.isTTY) this.#output.write("\r\u001B[K");
    this.#isShown = false;
  }
}
