import type { FileHandle } from "node:fs/promises";

/** Writes all of `bytes` at an offset, however many system calls that takes. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  let writtenBytes = 0;
  while (writtenBytes < bytes.byteLength) {
    const rest = bytes.byteLength - writtenBytes;
    const { bytesWritten } = await handle.write(bytes, writtenBytes, rest, offsetBytes + writtenBytes);
    writtenBytes += bytesWritten;
  }
}
