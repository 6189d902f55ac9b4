import { unlink } from "node:fs/promises";

import { StorageError } from "../storage-error.ts";
import type { PlacingFiles } from "./placing-files.ts";
import { writeFully } from "./write-fully.ts";

/** Writes a small file to the disk, reads it back and removes it. */
export async function probeFile(placing: PlacingFiles): Promise<void> {
  const written = new TextEncoder().encode("Berth's probe of the storage");
  await placing.withTemporary(async ({ path, handle }) => {
    try {
      await writeFully(handle, written, 0);
      await handle.datasync();
      const read = Buffer.alloc(written.byteLength);
      await handle.read(read, 0, read.byteLength, 0);
      if (!read.equals(written)) throw new StorageError("corrupt", `${path} does not hold what was written to it`);
    } finally {
      await handle.close();
      await unlink(path);
    }
  });
}
