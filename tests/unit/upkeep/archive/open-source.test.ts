import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack, type Pack } from "tar-stream";
import { type FileSource, relativePath } from "../../../../src/upkeep/archive/file-source.ts";
import { openSource } from "../../../../src/upkeep/archive/open-source.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

async function tarOf(fill: (tar: Pack) => void): Promise<Buffer> {
  const tar = pack();
  fill(tar);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

interface Opened {
  readonly source: FileSource;
  readonly scratch: string;
}

async function open(bytes: Uint8Array): Promise<Opened> {
  const path = join(makeTemporaryFolder("archive"), "a.tar");
  writeFileSync(path, bytes);
  const scratch = makeTemporaryFolder("scratch");
  return { source: await openSource(path, () => Promise.resolve(scratch)), scratch };
}

const failureOf = (bytes: Uint8Array) =>
  open(bytes).then(
    () => "it was opened",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const large = "0123456789".repeat(50_000);
/** Longer than the field of a header. */
const long = `${"folder/".repeat(30)}file`;

const sample = () =>
  tarOf((tar) => {
    tar.entry({ name: "./first" }, large);
    tar.entry({ name: long }, "behind a long name");
    tar.entry({ name: "folder", type: "directory" });
    tar.entry({ name: "folder/second" }, "two");
    tar.entry({ name: "folder/link", type: "symlink", linkname: "../first" });
    tar.entry({ name: "hard", type: "link", linkname: "folder/second" });
    tar.entry({ name: "again" }, "old");
    tar.entry({ name: "again" }, "new");
    tar.entry({ name: "empty" }, "");
  });

describe.each([
  ["plain", (bytes: Buffer) => bytes],
  ["by gzip", (bytes: Buffer) => gzipSync(bytes)],
  ["by zstd", (bytes: Buffer) => zstdCompressSync(bytes)],
] as const)("a tar archive, %s", (_, compress) => {
  test("is read at any place, links too", async () => {
    const { source } = await open(compress(await sample()));
    const texts = ["first", long, "folder/second", "folder/link", "hard", "again", "empty"].map(async (path) => {
      return (await source.find(path))?.text();
    });
    expect(await Promise.all(texts)).toEqual([large, "behind a long name", "two", large, "two", "new", ""]);
    expect(await source.find("folder")).toBeUndefined();
    expect((await source.list("folder")).toSorted()).toEqual(["folder", "link", "second"]);
  });
});

test("only a compressed archive takes space beside it", async () => {
  expect(readdirSync((await open(await sample())).scratch)).toEqual([]);
  expect(readdirSync((await open(gzipSync(await sample()))).scratch)).toEqual(["archive.tar"]);
});

describe("refused is an archive", () => {
  test.each(["../up", "/etc/passwd", "a/../../up"])("with the path %s", async (name) => {
    const tar = await tarOf((made) => void made.entry({ name }, "x"));
    expect(await failureOf(tar)).toBe(`ArchiveError: the path ${JSON.stringify(name)} leads out of it`);
  });

  test("with a huge name", async () => {
    const tar = await tarOf((made) => void made.entry({ name: "n".repeat(5000) }, "x"));
    expect(await failureOf(tar)).toMatch(/^ArchiveError: it has a name of more than 1024 bytes/);
  });

  test("that is cut off", async () => {
    expect(await failureOf((await sample()).subarray(0, 100_000))).toMatch(/^ArchiveError: it is no whole tar archive/);
  });

  test("whose entry says that it is larger than all of it", async () => {
    const tar = await tarOf((made) => void made.entry({ name: "liar", pax: { size: "1000000000000" } }, "x"));
    expect(await failureOf(tar)).toMatch(/^ArchiveError: it is no whole tar archive/);
  });

  test("that is none", async () => {
    const bytes = new TextEncoder().encode("no tar at all ".repeat(100));
    expect(await failureOf(bytes)).toMatch(/^ArchiveError: it is no whole tar archive/);
  });

  test("that is compressed, and cut off", async () => {
    const bytes = gzipSync(await sample());
    expect(await failureOf(bytes.subarray(0, bytes.length - 200))).toMatch(/^ArchiveError: it is compressed, and what/);
  });
});

test.each([
  ["round", "link", "is a link to a link"],
  ["out", "../../out", "leads out of it"],
])("a link that goes %s is refused when it is asked for", async (_, linkname, reason) => {
  const tar = await tarOf((made) => void made.entry({ name: "link", type: "symlink", linkname }));
  const { source } = await open(tar);
  const failure = await source.find("link").catch((error: Error) => `${error.name}: ${error.message}`);
  expect(failure).toMatch(new RegExp(`^ArchiveError: .*${reason}`));
});

test.each([
  ["a//b/./c", "a/b/c"],
  ["./", ""],
  ["a/../b", "b"],
])("the path %s is %s", (path, normal) => expect(relativePath(path)).toBe(normal));
