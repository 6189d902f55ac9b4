/**
 * Frees the memory of a piece that is used up; nobody may touch it any more. The collector frees it too, but late: it counts
 * little of what lies outside of its heap. What shares its memory with others is left alone.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength > 0 && buffer.byteLength === byteLength) buffer.transfer(0);
}
