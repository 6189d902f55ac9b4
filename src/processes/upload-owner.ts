import type { ProcessPlace } from "./process-folder.ts";

/** The position of the process that works on an upload, which its id alone decides. */
export function ownerOf(uploadId: string, count: number): number {
  return count === 1 ? 0 : Bun.hash.crc32(uploadId) % count;
}

/** Draws ids until one is of an upload that this process works on. */
export function drawOwnId(draw: () => string, { index, count }: Pick<ProcessPlace, "index" | "count">): string {
  for (;;) {
    const id = draw();
    if (ownerOf(id, count) === index) return id;
  }
}
