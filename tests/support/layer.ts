import { createCipheriv, createHash } from "node:crypto";
import { createWriteStream, renameSync } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** A layer written to a folder under the hexadecimal part of its digest. */
export interface WrittenLayer {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Digest of the tar inside, which the image's configuration names. */
  readonly diffId: string;
}

const tarBlockBytes = 512;
const chunkBytes = 1024 * 1024;

/**
 * Writes a gzipped tar with one file of random bytes. The same seed and size give the same layer.
 *
 * The gzip stream is stored, not deflated: random bytes do not shrink, and 200 MB must be made in about a second.
 */
export async function writeLayer(folder: string, seed: string, contentBytes: number): Promise<WrittenLayer> {
  const unfinished = join(folder, `unfinished-${seed.replaceAll("/", "-")}`);
  const tar = createHash("sha256");
  const layer = createHash("sha256");
  let sizeBytes = 0;
  const countLayer = (chunk: Buffer) => {
    layer.update(chunk);
    sizeBytes += chunk.byteLength;
  };
  await pipeline(
    Readable.from(tarChunks(seed, contentBytes)),
    observing((chunk) => tar.update(chunk)),
    createGzip({ level: 0, chunkSize: chunkBytes }),
    observing(countLayer),
    createWriteStream(unfinished),
  );
  const hex = layer.digest("hex");
  renameSync(unfinished, join(folder, hex));
  return { digest: `sha256:${hex}`, sizeBytes, diffId: `sha256:${tar.digest("hex")}` };
}

function* tarChunks(seed: string, contentBytes: number): Generator<Buffer> {
  yield tarHeader(`${seed}.bin`, contentBytes);
  yield* randomChunks(seed, contentBytes);
  const padding = (tarBlockBytes - (contentBytes % tarBlockBytes)) % tarBlockBytes;
  yield Buffer.alloc(padding + 2 * tarBlockBytes);
}

/** Reproducible bytes that do not compress: a cipher's key stream. */
export function* randomChunks(seed: string, lengthBytes: number): Generator<Buffer> {
  const key = createHash("sha256").update(seed).digest().subarray(0, 16);
  const stream = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  for (let left = lengthBytes; left > 0; left -= chunkBytes) {
    yield stream.update(Buffer.alloc(Math.min(left, chunkBytes)));
  }
}

/** A POSIX ustar header of a plain file: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(tarBlockBytes);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function observing(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}
