import { bytesOf, partOf, ProgressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";

export interface TransferState {
  /** What has been done with them: `verified`, `stored`, `written`. */
  readonly verb: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How far an import, an export, a backup or a restore is that is made here; on a terminal only. */
export class TransferProgressLine extends ProgressLine {
  constructor(output: Terminal["stderr"]) {
    super(output, () => performance.now(), { onTerminalOnly: true });
  }

  /** To be called as often as something changes. */
  updateTransfer({ verb, doneBytes, totalBytes }: TransferState): void {
    this.update(() => {
      return { part: partOf(doneBytes, totalBytes), facts: [`${bytesOf(doneBytes, totalBytes)} ${verb}`] };
    });
  }
}
