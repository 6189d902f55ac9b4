/** What was to be read is not what it should be: damaged, incomplete, of another kind, or made to do harm. The message says what. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}
