import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { errorCode } from "../../runtime/index.ts";
import { ArchiveError } from "./archive-error.ts";
import type { FileSource } from "./file-source.ts";
import { openFolder } from "./folder-source.ts";
import { openTar } from "./tar-source.ts";

/**
 * Opens a folder or a tar archive, which may be compressed by gzip or zstd.
 * @param scratchFolder gives a folder where a compressed archive is unpacked to, which is asked for only then
 * @throws ArchiveError
 */
export async function openSource(path: string, scratchFolder: () => Promise<string>): Promise<FileSource> {
  if ((await stat(path)).isDirectory()) return openFolder(path);
  const file = Bun.file(path);
  const decompress = decompressorOf(await file.slice(0, 4).bytes());
  if (!decompress) return openTar(file);
  const unpacked = join(await scratchFolder(), "archive.tar");
  try {
    await pipeline(Readable.from(file.stream()), decompress(), createWriteStream(unpacked, { flags: "wx" }));
  } catch (error) {
    // What the system refuses, such as a full disk, is not the archive's fault.
    if (/^E[A-Z0-9]+$/.test(errorCode(error) ?? "")) throw error;
    throw new ArchiveError("it is compressed, and what is in it is damaged", { cause: error });
  }
  return openTar(Bun.file(unpacked));
}

function decompressorOf(start: Uint8Array): (() => NodeJS.ReadWriteStream) | undefined {
  const magic = Buffer.from(start).toString("hex");
  if (magic.startsWith("1f8b")) return createGunzip;
  return magic === "28b52ffd" ? createZstdDecompress : undefined;
}
