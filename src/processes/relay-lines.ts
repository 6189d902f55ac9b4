const NEWLINE = 0x0a;
/** What has no end by then is passed on without one. */
const LONGEST_LINE_BYTES = 1024 * 1024;

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
  let restBytes = 0;
  for await (const piece of source) {
    const end = piece.lastIndexOf(NEWLINE);
    rest.push(end < 0 ? piece : piece.subarray(0, end));
    restBytes += piece.byteLength;
    if (end < 0 && restBytes < LONGEST_LINE_BYTES) continue;
    write(decoder.decode(Buffer.concat(rest)));
    rest = end >= 0 && end + 1 < piece.byteLength ? [piece.subarray(end + 1)] : [];
    restBytes = rest[0]?.byteLength ?? 0;
  }
  if (rest.length > 0) write(decoder.decode(Buffer.concat(rest)));
}
