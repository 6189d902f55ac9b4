import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FileSink } from "./file-sink.ts";

/** A folder, which is made where it is missing. What is in it stays. */
export async function createFolder(folder: string): Promise<FileSink> {
  await mkdir(folder, { recursive: true });
  return {
    async find(path, sizeBytes) {
      const found = await stat(join(folder, path)).catch(() => undefined);
      return found?.isFile() && found.size === sizeBytes ? Bun.file(join(folder, path)) : undefined;
    },
    async put(path, _, content) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      const unfinished = `${file}.partial`;
      try {
        await pipeline(Readable.from(content), createWriteStream(unfinished));
        await rename(unfinished, file);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    remove: (path) => rm(join(folder, path), { force: true }),
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}
