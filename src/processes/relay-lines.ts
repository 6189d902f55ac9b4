const NEWLINE = 0x0a;

/**
 * Passes on what a process writes, only ever whole lines at once: several processes may not write into one pipe by
 * themselves, as their lines would get mixed up.
 */
export async function relayLines(
  source: AsyncIterable<Uint8Array>,
  write: (linesWithoutLastEnd: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest: Uint8Array[] = [];
  for await (const piece of source) {
    const end = piece.lastIndexOf(NEWLINE);
    if (end < 0) {
      rest.push(piece);
      continue;
    }
    write(decoder.decode(Buffer.concat([...rest, piece.subarray(0, end)])));
    rest = end + 1 < piece.byteLength ? [piece.subarray(end + 1)] : [];
  }
  if (rest.length > 0) write(decoder.decode(Buffer.concat(rest)));
}
