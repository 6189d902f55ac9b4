import { beforeEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DOCKER_MANIFEST } from "../../../../src/oci/index.ts";
import { ArchiveError } from "../../../../src/upkeep/index.ts";
import { openImages } from "../../../../src/upkeep/transfers.ts";
import { contentOf } from "../../../support/oci-content.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

let root: string;
beforeEach(() => {
  root = makeTemporaryFolder("saved");
});

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const layer = contentOf("a layer");
const config = JSON.stringify({ rootfs: { diff_ids: [layer.digest] } });
const manifest = (more: object = {}) =>
  JSON.stringify([{ Config: "c.json", RepoTags: ["app:1.0", "team/app:2.0"], Layers: ["id/layer.tar"], ...more }]);

function writeImage(): void {
  write("manifest.json", manifest());
  write("c.json", config);
  write("id/layer.tar", layer.bytes);
}

const open = () =>
  openImages("docker-archive", root, { scratchFolder: () => Promise.reject(new Error("nothing is compressed")) });

const failureOf = () =>
  open().then(
    () => "it was read",
    (error: unknown) => {
      if (!(error instanceof ArchiveError)) throw error;
      return error.message;
    },
  );

test("an image gets the manifest of a push, the same each time, once for each of its names", async () => {
  writeImage();
  const archive = await open();
  expect<object[]>(archive.roots.map(({ repository, tag }) => ({ repository, tag }))).toEqual([
    { repository: "app", tag: "1.0" },
    { repository: "team/app", tag: "2.0" },
  ]);
  const [root] = archive.roots;
  if (!root) throw new Error("there is no image");
  const made = JSON.parse((await (await archive.open(root.digest))?.text()) ?? "") as object;
  expect(made).toEqual({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      digest: contentOf(config).digest,
      size: config.length,
    },
    layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar", digest: layer.digest, size: 7 }],
  });
  expect(await (await archive.open(layer.digest))?.text()).toBe("a layer");
  expect((await open()).roots).toEqual(archive.roots);
});

test("a layer that is compressed is said to be, and taken as it is", async () => {
  writeImage();
  write("id/layer.tar", gzipSync(layer.bytes));
  const archive = await open();
  const [root] = archive.roots;
  const made = (await (root && (await archive.open(root.digest)))?.text()) ?? "";
  expect(made).toContain("application/vnd.docker.image.rootfs.diff.tar.gzip");
});

test("an image without a name is one all the same", async () => {
  writeImage();
  write("manifest.json", manifest({ RepoTags: null }));
  expect((await open()).roots).toMatchObject([{ mediaType: DOCKER_MANIFEST }]);
});

test("a layer that is another than the configuration says is refused", async () => {
  writeImage();
  write("id/layer.tar", "b layer");
  expect(await failureOf()).toMatch(/^id\/layer\.tar is damaged: its digest is sha256:/);
});

test.each([
  ["no list", "{}", "manifest.json is no list of images"],
  ["no JSON", "[{", "manifest.json is no JSON"],
  ["no image", "[null]", "manifest.json has an image without Config, Layers or RepoTags as they should be"],
  ["of a missing layer", manifest({ Layers: ["gone.tar"] }), "it has no file gone.tar"],
  ["of a missing configuration", manifest({ Config: "gone.json" }), "it has no file gone.json"],
  ["of fewer layers", manifest({ Layers: [] }), "c.json does not name the 0 layers of the image"],
  ["with a layer outside", manifest({ Layers: ["../../etc/passwd"] }), `the path "../../etc/passwd" leads out of it`],
  ["with a folder as layer", manifest({ Layers: ["id"] }), "id is no file"],
  ["with a wrong name", manifest({ RepoTags: ["NOT:good:"] }), `"NOT:good:" is no name of an image`],
])("a manifest.json that is %s is refused", async (_, text, message) => {
  writeImage();
  write("manifest.json", text);
  expect(await failureOf()).toBe(message);
});

test("a folder without manifest.json is refused", async () => {
  expect(await failureOf()).toBe("it is no archive of docker save: it has no manifest.json");
});
