import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FileSink } from "./file-sink.ts";

/** A tar archive; an older one of its name is replaced when it is finished. The same files give the same bytes. */
export async function createTar(path: string): Promise<FileSink> {
  const { pack } = await import("tar-stream");
  const unfinished = `${path}.partial`;
  const file = await open(unfinished, "w");
  const archive = pack();
  const written = pipeline(archive, file.createWriteStream());
  // It is heard with the next file; until then it must not count as unheard.
  let failure: Error | undefined;
  written.catch((error: unknown) => void (failure = error as Error));
  return {
    find: () => Promise.resolve(undefined),
    async put(name, size, content) {
      if (failure) throw failure;
      const entry = archive.entry({ name, size, mode: 0o644, mtime: new Date(0) });
      // A disk that is full ends the archive, and no entry would ever end.
      await Promise.race([pipeline(Readable.from(content), entry), failureOf(written)]);
    },
    remove: () => Promise.resolve(),
    async finish() {
      archive.finalize();
      await written;
      await rename(unfinished, path);
    },
    async discard() {
      archive.destroy();
      await written.catch(() => undefined);
      await rm(unfinished, { force: true });
    },
  };
}

function failureOf(written: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    written.catch(reject);
  });
}
