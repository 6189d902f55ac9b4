/**
 * Things that a client's user should know although the request succeeded.
 * @spec OCI distribution-spec, "Warnings"
 */
export class Warnings {
  /** All warnings of one answer together have at most 4096 bytes. */
  static readonly MAX_BYTES = 4096;
  /** Absent for most requests. */
  #texts: Set<string> | undefined;

  add(text: string): void {
    this.#texts ??= new Set();
    this.#texts.add(text);
  }

  /** The values of the `Warning` headers, as many as fit; empty for most requests. */
  headerValues(): readonly string[] {
    const values: string[] = [];
    let bytes = 0;
    for (const text of this.#texts ?? []) {
      const value = `299 - "${text.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
      bytes += value.length;
      if (bytes > Warnings.MAX_BYTES) break;
      values.push(value);
    }
    return values;
  }
}
