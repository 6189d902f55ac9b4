import { bytesOf, ProgressLine } from "./progress-line.ts";

export interface TransferState {
  /** What has been done with them: `verified`, `stored`, `written`. */
  readonly verb: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How far an import or an export is that is made here. */
export class TransferProgressLine extends ProgressLine {
  /** To be called as often as something changes. */
  updateTransfer({ verb, doneBytes, totalBytes }: TransferState): void {
    this.update(() => {
      const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
      return { part: undefined, facts: [`${percent} %`, `${bytesOf(doneBytes, totalBytes)} ${verb}`] };
    });
  }
}
