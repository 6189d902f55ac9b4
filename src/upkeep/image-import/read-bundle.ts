import { isDigest } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import { type FileSource, readSmall } from "../archive/file-source.ts";
import { SUMS_FILE } from "../archive/sums-file.ts";
import type { ImageArchive } from "./image-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

const MOST_SUMS_BYTES = 64 * 1024 * 1024;

/**
 * Reads what `berth export bundle` wrote, once each of its files was found to be there and to be right.
 * @throws ArchiveError
 */
export async function readBundle(source: FileSource): Promise<ImageArchive> {
  const bytes = await readSmall(source, SUMS_FILE, MOST_SUMS_BYTES);
  if (bytes === undefined) throw new ArchiveError(`it is no bundle: it has no file ${SUMS_FILE}`);
  const sums = parseSums(new TextDecoder().decode(bytes));
  for (const path of ["oci-layout", "index.json"])
    if (!sums.has(path)) throw new ArchiveError(`${SUMS_FILE} does not name ${path}`);
  for (const [path, sum] of sums) {
    const file = await source.find(path);
    if (!file) throw new ArchiveError(`${path} is missing`);
    if ((await digestOfFile(file)) !== sum) throw new ArchiveError(`${path} is damaged: its checksum is another`);
  }
  return { ...(await readOciLayout(source)), isVerified: true };
}

/** Path → digest. */
function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line, index) => {
      const [, hex = "", path = ""] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (!isDigest(`sha256:${hex}`)) throw new ArchiveError(`line ${index + 1} of ${SUMS_FILE} is no checksum`);
      return [path, `sha256:${hex}`];
    }),
  );
}
