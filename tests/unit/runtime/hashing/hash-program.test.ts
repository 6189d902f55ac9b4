import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { mustRun } from "../../../support/run-program.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";

const source = join(import.meta.dir, "../../../../src");
const worker = join(source, "runtime/hashing/hash-worker.ts");
const hexOfMebibyte = new Bun.CryptoHasher("sha256").update(new Uint8Array(1024 * 1024)).digest("hex");

/** Neither closes its pool nor exits: it has to end by itself, and not before the digest is there. */
const program = `
  import { createHashPool } from ${JSON.stringify(join(source, "runtime/index.ts"))};
  const hasher = createHashPool({ workers: 2 }).start("sha256");
  await hasher.update(new Uint8Array(1024 * 1024));
  console.log(await hasher.digestHex());
`;

describe("a program that hashes", () => {
  let folder: string;

  beforeAll(async () => {
    folder = makeTemporaryFolder("program");
    mkdirSync(join(folder, "empty"));
    await Bun.write(join(folder, "main.ts"), program);
  });

  afterAll(() => removeTemporaryFolder(folder));

  test("finds its worker wherever it is started, and ends when the digest is there", async () => {
    const { stdout } = await mustRun([process.execPath, join(folder, "main.ts")], { cwd: join(folder, "empty") });
    expect(stdout.trim()).toBe(hexOfMebibyte);
  });

  test("finds its worker in itself when it is compiled into an executable", async () => {
    const executable = join(folder, "executable");
    const entryPoints = [join(folder, "main.ts"), worker];
    await mustRun([
      process.execPath,
      "build",
      "--compile",
      `--root=${source}`,
      ...entryPoints,
      `--outfile=${executable}`,
    ]);
    const { stdout } = await mustRun([executable], { cwd: join(folder, "empty") });
    expect(stdout.trim()).toBe(hexOfMebibyte);
  });
});
