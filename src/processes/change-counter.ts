import { join } from "node:path";
import type { ProcessPlace } from "./process-folder.ts";

/** Counts what any of the processes changes. */
export interface ChangeCounter {
  /** Another value after each change, in every process. */
  count(): number;
  add(): void;
}

/** What a processor fetches at once: two processes that count do not hinder each other. */
const CELLS_APART = 16;

export function counterPathOf(folder: string): string {
  return join(folder, "changes");
}

/** A cell for each process, which only it writes. */
export function makeCounterFile(processes: number): Uint8Array {
  return new Uint8Array(processes * CELLS_APART * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Opens the counter in memory that all processes see. It is a file of ours: SQLite's may not be mapped, see
 * docs/decisions/0021.
 */
export function openChangeCounter({ folder, index, count }: ProcessPlace): ChangeCounter {
  const { buffer } = Bun.mmap(counterPathOf(folder), { shared: true });
  const cells = new Int32Array(buffer, 0, count * CELLS_APART);
  return {
    count() {
      let sum = 0;
      for (let cell = 0; cell < cells.length; cell += CELLS_APART) sum = (sum + Atomics.load(cells, cell)) | 0;
      return sum;
    },
    add: () => void Atomics.add(cells, index * CELLS_APART, 1),
  };
}
