import { dlopen, ptr } from "bun:ffi";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../../support/argv.ts";
import { mustRun } from "../../support/run-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** A file system of the test's own. What is still mounted when the tests end is unmounted with their folders. */
export interface Mounted {
  /** Empty at first but for what the file system itself puts there. */
  readonly folder: string;
  /** Mounts it again with other options. */
  remount(options: string): Promise<void>;
  /** @throws while something is open on it. */
  unmount(): Promise<void>;
}

/** @param options of tmpfs: `size=16m`, `nr_inodes=100`. */
export async function mountMemory(options: string): Promise<Mounted> {
  const folder = makeMountPoint();
  await mustRun(argv`mount -t tmpfs -o ${options} tmpfs ${folder}`);
  return mountedAt(folder);
}

/** An ext4 file system in a file, behind a loop device. */
export class DiskImage {
  readonly #file: string;
  readonly #options: string;

  /** @param options for each mount. */
  static async make(sizeMebibytes: number, options: string): Promise<DiskImage> {
    const file = join(makeTemporaryFolder("disk"), "image");
    await mustRun(argv`truncate -s ${sizeMebibytes}M ${file}`);
    await mustRun(argv`mkfs.ext4 -q ${file}`);
    return new DiskImage(file, options);
  }

  private constructor(file: string, options: string) {
    this.#file = file;
    this.#options = options;
  }

  /** After a power cut this is where the journal is replayed. */
  async mount(): Promise<Mounted> {
    const folder = makeMountPoint();
    await mustRun(argv`mount -o loop,${this.#options} ${this.#file} ${folder}`);
    return mountedAt(folder);
  }
}

function makeMountPoint(): string {
  const folder = join(makeTemporaryFolder("mount"), "disk");
  mkdirSync(folder);
  return folder;
}

function mountedAt(folder: string): Mounted {
  return {
    folder,
    remount: async (options) => void (await mustRun(argv`mount -o remount,${options} ${folder}`)),
    unmount: async () => void (await mustRun(argv`umount ${folder}`)),
  };
}

// https://www.kernel.org/doc/html/latest/admin-guide/ext4.html, EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)
const shutdownRequest = 0x80_04_58_7dn;
const withoutFlushingTheLog = 2;

/**
 * Lets the file system stop at this instant as if the power were cut: nothing more reaches the disk, neither data that waits
 * to be written nor the journal's open transaction, and every write and sync from now on fails.
 */
export function cutPower(folder: string): void {
  const { symbols } = dlopen("libc.so.6", { ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });
  const handle = openSync(folder, "r");
  try {
    const flags = new Uint32Array([withoutFlushingTheLog]);
    if (symbols.ioctl(handle, shutdownRequest, ptr(flags)) !== 0) throw new Error(`${folder} cannot be shut down`);
  } finally {
    closeSync(handle);
  }
}
