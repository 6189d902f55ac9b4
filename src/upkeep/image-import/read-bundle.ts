import { isDigest, MAX_MANIFEST_BYTES } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import { type FileSource, readSmall } from "../archive/file-source.ts";
import { findSigner, MOST_SIGNATURE_BYTES, SIGNATURE_FILE, type TrustedKey } from "../archive/signature.ts";
import { SUMS_FILE } from "../archive/sums-file.ts";
import type { ImageArchive } from "./image-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

const MOST_SUMS_BYTES = 64 * 1024 * 1024;

export interface BundleReading {
  /** One of these has to have signed it; if there are none, nobody has to. */
  readonly trustedKeys: readonly TrustedKey[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly doneBytes: number; readonly totalBytes: number }) => void) | undefined;
}

/**
 * Reads what `berth export bundle` wrote, once each of its files was found to be there and to be right. What is not among them is not seen.
 * @throws ArchiveError, and the signal's reason
 */
export async function readBundle(source: FileSource, reading: BundleReading): Promise<ImageArchive> {
  const { trustedKeys } = reading;
  const bytes = await readSmall(source, SUMS_FILE, MOST_SUMS_BYTES);
  if (bytes === undefined) throw new ArchiveError(`it is no bundle: it has no file ${SUMS_FILE}`);
  const signedBy = trustedKeys.length > 0 ? await requireSigner(source, bytes, trustedKeys) : undefined;
  const sums = parseSums(new TextDecoder().decode(bytes));
  for (const path of NAMING_FILES) if (!sums.has(path)) throw new ArchiveError(`${SUMS_FILE} does not name ${path}`);
  const kept = await verifyFiles(source, sums, reading);
  const verified: FileSource = {
    find: async (path) => kept.get(path) ?? (sums.has(path) ? source.find(path) : undefined),
    list: (folder) => source.list(folder),
  };
  return { ...(await readOciLayout(verified)), isVerified: true, signedBy };
}

type Sums = ReadonlyMap<string, string>;

/**
 * @returns what names the rest, kept as it was verified, whoever writes to it meanwhile; the rest is verified again as it is stored
 * @throws ArchiveError
 */
async function verifyFiles(source: FileSource, sums: Sums, { signal, onProgress }: BundleReading) {
  const totalBytes = await sizeOfAll(source, sums);
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    signal?.throwIfAborted();
    onProgress?.({ doneBytes: (doneBytes += bytes), totalBytes });
  };
  const kept = new Map<string, Blob>();
  for (const [path, sum] of sums) {
    const file = await findFile(source, path);
    const looked = NAMING_FILES.includes(path) ? new Blob([await bytesOf(file, path)]) : file;
    if ((await digestOfFile(looked, "sha256", onBytes)) !== sum)
      throw new ArchiveError(`${path} is damaged: its checksum is another`);
    if (looked !== file) kept.set(path, looked);
  }
  return kept;
}

async function sizeOfAll(source: FileSource, sums: Sums): Promise<number> {
  let totalBytes = 0;
  for (const path of sums.keys()) totalBytes += (await findFile(source, path)).size;
  return totalBytes;
}

async function findFile(source: FileSource, path: string): Promise<Blob> {
  const file = await source.find(path);
  if (!file) throw new ArchiveError(`${path} is missing`);
  return file;
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
function parseSums(text: string): Sums {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line, index) => {
      const [, hex = "", path = ""] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (!isDigest(`sha256:${hex}`)) throw new ArchiveError(`line ${index + 1} of ${SUMS_FILE} is no checksum`);
      return [path, `sha256:${hex}`];
    }),
  );
}
