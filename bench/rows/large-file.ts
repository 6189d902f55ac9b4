import { open } from "node:fs/promises";
import { join } from "node:path";
import type { BenchRun } from "../bench-run.ts";
import { runProgram } from "../load/run-load.ts";

const PIECE_BYTES = 16 * 2 ** 20;

export interface LargeFile {
  readonly path: string;
  readonly bytes: number;
}

/** Makes a file of random bytes, once a run. */
export async function makeLargeFile(run: BenchRun, sizeMib: number): Promise<LargeFile> {
  return run.once(`large-${sizeMib}`, async () => {
    const path = join(run.folder, `large-${sizeMib}.bin`);
    const bytes = sizeMib * 2 ** 20;
    const file = await open(path, "w");
    for (let written = 0; written < bytes; written += PIECE_BYTES) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, bytes - written));
      // getRandomValues takes 64 KiB at most; one random stretch, repeated, is as good where nothing compresses.
      const random = crypto.getRandomValues(new Uint8Array(65_536));
      for (let at = 0; at < piece.length; at += random.length) piece.set(random.subarray(0, piece.length - at), at);
      await file.write(piece);
    }
    await file.close();
    return { path, bytes };
  });
}

/** Gives the file new first bytes, so that the next push is of a blob that no server has. */
export async function changeLargeFile(file: LargeFile): Promise<void> {
  const handle = await open(file.path, "r+");
  await handle.write(crypto.getRandomValues(new Uint8Array(32)), 0, 32, 0);
  await handle.close();
}

/** Hashes the file with openssl. */
export async function hashWithOpenssl(file: LargeFile): Promise<{ readonly digest: string; readonly seconds: number }> {
  const startedAt = performance.now();
  const { output } = await runProgram(["openssl", "dgst", "-sha256", "-r", file.path], 120);
  const seconds = (performance.now() - startedAt) / 1000;
  return { digest: `sha256:${output.split(" ")[0] ?? ""}`, seconds };
}
