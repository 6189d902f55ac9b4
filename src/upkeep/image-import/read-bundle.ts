import { isDigest, MAX_MANIFEST_BYTES } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import { type FileSource, readSmall } from "../archive/file-source.ts";
import { findSigner, MOST_SIGNATURE_BYTES, SIGNATURE_FILE, type TrustedKey } from "../archive/signature.ts";
import { SUMS_FILE } from "../archive/sums-file.ts";
import type { ImageArchive } from "./image-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

const MOST_SUMS_BYTES = 64 * 1024 * 1024;

/**
 * Reads what `berth export bundle` wrote, once each of its files was found to be there and to be right. What is not among them is not seen.
 * @param trusted one of these has to have signed it; if there are none, nobody has to
 * @throws ArchiveError
 */
export async function readBundle(source: FileSource, trusted: readonly TrustedKey[]): Promise<ImageArchive> {
  const bytes = await readSmall(source, SUMS_FILE, MOST_SUMS_BYTES);
  if (bytes === undefined) throw new ArchiveError(`it is no bundle: it has no file ${SUMS_FILE}`);
  const signedBy = trusted.length > 0 ? await requireSigner(source, bytes, trusted) : undefined;
  const sums = parseSums(new TextDecoder().decode(bytes));
  for (const path of NAMING_FILES) if (!sums.has(path)) throw new ArchiveError(`${SUMS_FILE} does not name ${path}`);
  // What names the rest is kept as it was verified, whoever writes to it meanwhile; the rest is verified again as it is stored.
  const kept = new Map<string, Blob>();
  for (const [path, sum] of sums) {
    const file = await source.find(path);
    if (!file) throw new ArchiveError(`${path} is missing`);
    const looked = NAMING_FILES.includes(path) ? new Blob([await bytesOf(file, path)]) : file;
    if ((await digestOfFile(looked)) !== sum) throw new ArchiveError(`${path} is damaged: its checksum is another`);
    if (looked !== file) kept.set(path, looked);
  }
  const verified: FileSource = {
    find: async (path) => kept.get(path) ?? (sums.has(path) ? source.find(path) : undefined),
    list: (folder) => source.list(folder),
  };
  return { ...(await readOciLayout(verified)), isVerified: true, signedBy };
}

const NAMING_FILES: readonly string[] = ["oci-layout", "index.json"];

async function bytesOf(file: Blob, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_MANIFEST_BYTES) throw new ArchiveError(`${path} has ${file.size} bytes, more than it may`);
  return new Uint8Array(await file.bytes());
}

/** @returns the name of the key @throws ArchiveError */
async function requireSigner(source: FileSource, sums: Uint8Array, trusted: readonly TrustedKey[]): Promise<string> {
  const signature = await readSmall(source, SIGNATURE_FILE, MOST_SIGNATURE_BYTES);
  if (signature === undefined) throw new ArchiveError(`it is not signed: it has no file ${SIGNATURE_FILE}`);
  const signer = findSigner(sums, new TextDecoder().decode(signature), trusted);
  if (signer) return signer.name;
  const keys = trusted.map(({ name }) => name).join(", ");
  throw new ArchiveError(`the signature in ${SIGNATURE_FILE} is not that of ${SUMS_FILE} by ${keys}`);
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
