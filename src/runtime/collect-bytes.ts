/**
 * All bytes of a stream, in memory.
 * @returns `undefined` if there are more than `maxBytes`; what is left is not read then
 */
export async function collectBytes(
  stream: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const pieces: Uint8Array[] = [];
  let totalBytes = 0;
  for await (const piece of stream ?? []) {
    totalBytes += piece.byteLength;
    if (totalBytes > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
