import type { ScrubState } from "../app/index.ts";
import { formatBytes } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;
const BAR_WIDTH = 24;

/** How far a scrub is: one line that changes on a terminal, a line now and then elsewhere. */
export class ScrubProgressLine {
  readonly #output: Terminal["stderr"];
  readonly #stopwatchMs: () => number;
  #writtenAtMs: number;
  #startBytes: number | undefined;
  #startedAtMs: number;
  #isShown = false;

  constructor(output: Terminal["stderr"], stopwatchMs: () => number) {
    this.#output = output;
    this.#stopwatchMs = stopwatchMs;
    this.#writtenAtMs = this.#startedAtMs = stopwatchMs();
  }

  /** To be called as often as something changes. */
  update(state: ScrubState): void {
    this.#startBytes ??= state.tally.bytes;
    const nowMs = this.#stopwatchMs();
    if (nowMs - this.#writtenAtMs < (this.#output.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#writtenAtMs = nowMs;
    const text = this.#describe(state, this.#startBytes, nowMs);
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

  #describe({ tally, readBytes, contents }: ScrubState, startBytes: number, nowMs: number): string {
    const doneBytes = Math.min(startBytes + readBytes, contents.blobBytes);
    const part = contents.blobBytes === 0 ? 1 : doneBytes / contents.blobBytes;
    const perSecond = (readBytes * 1000) / Math.max(1, nowMs - this.#startedAtMs);
    const lost = tally.damaged + tally.missing + tally.damagedManifests;
    return [
      `${bar(part)} ${Math.floor(part * 100)} %`,
      `${tally.blobs}/${contents.blobs} blobs`,
      `${formatBytes(doneBytes)} of ${formatBytes(contents.blobBytes)}`,
      `${formatBytes(Math.round(perSecond))}/s`,
      `${lost} lost`,
    ].join("  ");
  }
}

function bar(part: number): string {
  const full = Math.floor(part * BAR_WIDTH);
  return `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}]`;
}
