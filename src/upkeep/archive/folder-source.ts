import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { errorCode } from "../../runtime/index.ts";
import { ArchiveError } from "./archive-error.ts";
import { type FileSource, leadsOut, relativePath } from "./file-source.ts";

/** A folder as it is. Symbolic links are followed as long as they stay in it. */
export async function openFolder(folder: string): Promise<FileSource> {
  const root = await realpath(folder);
  return {
    async find(path) {
      const real = await realPathIn(root, path);
      if (real === undefined) return undefined;
      const found = await stat(real);
      if (!found.isFile()) throw new ArchiveError(`${path} is no file`);
      return Bun.file(real);
    },
    async list(path) {
      const real = await realPathIn(root, path);
      return real !== undefined && (await stat(real)).isDirectory() ? readdir(real) : [];
    },
  };
}

async function realPathIn(root: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(join(root, relativePath(path)));
    if (real !== root && !real.startsWith(root === sep ? sep : root + sep)) throw leadsOut(path);
    return real;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
