import type { ScrubState } from "../../app/index.ts";
import { bytesOf, partOf, ProgressLine, type ShownProgress } from "../progress-line.ts";
import { formatBytes } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";

/** How far a scrub is that is made here, and how fast it goes. */
export class ScrubProgressLine extends ProgressLine {
  readonly #stopwatchMs: () => number;
  readonly #startedAtMs: number;
  #startBytes: number | undefined;

  constructor(output: Terminal["stderr"], stopwatchMs: () => number) {
    super(output, stopwatchMs);
    this.#stopwatchMs = stopwatchMs;
    this.#startedAtMs = stopwatchMs();
  }

  /** To be called as often as something changes. */
  updateScrub(state: ScrubState): void {
    const startBytes = (this.#startBytes ??= state.tally.bytes);
    this.update(() => this.#describe(state, startBytes));
  }

  #describe({ tally, readBytes, contents }: ScrubState, startBytes: number): ShownProgress {
    const doneBytes = Math.min(startBytes + readBytes, contents.blobBytes);
    const perSecond = (readBytes * 1000) / Math.max(1, this.#stopwatchMs() - this.#startedAtMs);
    const lost = tally.damaged + tally.missing + tally.damagedManifests;
    return {
      part: partOf(doneBytes, contents.blobBytes),
      facts: [
        `${tally.blobs}/${contents.blobs} blobs`,
        bytesOf(doneBytes, contents.blobBytes),
        `${formatBytes(Math.round(perSecond))}/s`,
        `${lost} lost`,
      ],
    };
  }
}
