const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/**
 * Reads `10485760`, `10MiB` or `2.5GB` and gives bytes, a whole number.
 *
 * @throws Error when the text is no size, or one of a fraction of a byte
 */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/u.exec(text);
  const unit = unitBytes[match?.[2] ?? ""];
  const bytes = Number(match?.[1]) * (unit ?? Number.NaN);
  if (Number.isNaN(bytes)) throw new Error(`"${text}" is not a size such as 10485760, 10MiB or 2GB`);
  if (!Number.isSafeInteger(bytes)) throw new Error(`"${text}" is not a whole number of bytes, or too many`);
  return bytes;
}
