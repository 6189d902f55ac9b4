import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  findManifestId,
  findRepositoryId,
  type MetadataDatabase,
  putTag,
  putPartlyImported,
  removeManifest,
  removeTag,
  unlinkBlob,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import type { StorageDriver } from "../../../../src/storage/index.ts";
import { type RegistryV2Export } from "../../../../src/upkeep/index.ts";
import { exportRegistryV2, importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import type { RegistryV2Tree, TreeImage } from "./registry-v2-tree.ts";
import { openTreeSite, type TreeSite } from "./tree-site.ts";

const app = "team/app" as RepositoryName;
const tag = (text: string) => text as Tag;

let tree: RegistryV2Tree;
let storage: StorageDriver;
let metadata: MetadataDatabase;
let close: TreeSite["close"];
beforeEach(async () => {
  ({ tree, storage, metadata, close } = await openTreeSite());
});
afterEach(() => close());

/** What registry:2 wrote, and Berth has taken over. */
async function takenOver(): Promise<TreeImage> {
  const image = tree.addImage(app, "1.0");
  await importRegistryV2({ metadata, storage, clock: systemClock });
  return image;
}

function run(options: Partial<RegistryV2Export> = {}) {
  const { signal } = new AbortController();
  return exportRegistryV2({ reads: metadata.reads, storage, prune: false, signal, ...options });
}

const pathOf = (path: string) => join(tree.root, "docker/registry/v2", path);
const tagLink = (name: string) => pathOf(`repositories/${app}/_manifests/tags/${name}/current/link`);

/** With their sizes. */
const files = () => tree.snapshot().flatMap((line) => /^docker.*\/(?:link|data) \d+/.exec(line)?.[0] ?? []);

async function idOf(): Promise<number> {
  return (await findRepositoryId(metadata.reads, app)) ?? 0;
}

async function moveTag(name: string, to: TreeImage, nowMs = systemClock.nowMs() + 60_000): Promise<void> {
  const repositoryId = await idOf();
  const manifestId = (await findManifestId(metadata.reads, repositoryId, to.manifest.digest)) ?? 0;
  await metadata.transaction((queries) => putTag(queries, { repositoryId, tag: tag(name), manifestId, nowMs }));
}

test("what registry:2 wrote itself is left as it is", async () => {
  await takenOver();
  const before = tree.snapshot();
  expect(await run()).toMatchObject({ tags: 1, manifests: 1, blobs: 2, written: 0, removed: 0, keptCount: 0 });
  expect(tree.snapshot()).toEqual(before);
});

test("links and the bytes of manifests that are missing are written, and nothing else", async () => {
  const image = await takenOver();
  const before = files();
  tree.remove(`repositories/${app}`);
  tree.remove(tree.data(image.manifest));
  // Two blobs, a revision, the tag twice, and the manifest itself.
  expect(await run()).toMatchObject({ written: 6, isFinished: true, damaged: [] });
  expect(files()).toEqual(before);
  expect(await run()).toMatchObject({ written: 0 });
});

test("a link has no newline", async () => {
  const image = await takenOver();
  writeFileSync(tagLink("1.0"), "nonsense");
  await run();
  expect(readFileSync(tagLink("1.0"), "utf8")).toBe(image.manifest.digest);
});

test("a manifest whose file is damaged gets its bytes back", async () => {
  const image = await takenOver();
  tree.write(tree.data(image.manifest), "cut");
  await run();
  expect(new Uint8Array(readFileSync(pathOf(tree.data(image.manifest))))).toEqual(image.manifest.bytes);
});

test("a tag that was moved here moves there", async () => {
  const second = tree.addImage(app, "2.0");
  await takenOver();
  await moveTag("1.0", second);
  expect(await run()).toMatchObject({ keptCount: 0 });
  expect(readFileSync(tagLink("1.0"), "utf8")).toBe(second.manifest.digest);
});

test("a tag that registry:2 moved later is left and told, unless it is to be pruned", async () => {
  const first = await takenOver();
  const late = tree.addImage(app, "late");
  tree.addTag(app, "1.0", late.manifest.digest, systemClock.nowMs() + 60_000);
  const { kept } = await run();
  expect(kept).toContainEqual({ repository: app, reference: "1.0", reason: "moved-later" });
  expect(readFileSync(tagLink("1.0"), "utf8")).toBe(late.manifest.digest);
  await run({ prune: true });
  expect(readFileSync(tagLink("1.0"), "utf8")).toBe(first.manifest.digest);
});

test("what registry:2 took in since the import is left and told", async () => {
  await takenOver();
  const late = tree.addImage("other", "late");
  const before = tree.snapshot();
  const { kept, keptCount, removed } = await run();
  expect(kept.map(({ repository, reference }) => `${repository} ${reference}`).sort()).toEqual([
    "other late",
    `other ${late.manifest.digest}`,
  ]);
  expect([keptCount, removed]).toEqual([2, 0]);
  expect(tree.snapshot()).toEqual(before);
});

test("what was deleted here goes when it is to be pruned, and folders that would be tags are tidied", async () => {
  const image = await takenOver();
  tree.addImage(app, "stays");
  await importRegistryV2({ metadata, storage, clock: systemClock });
  const repositoryId = await idOf();
  await metadata.transaction(async (queries) => {
    await removeManifest(queries, repositoryId, image.manifest.digest);
    await unlinkBlob(queries, repositoryId, image.layer.digest);
  });
  expect(await run({ prune: true })).toMatchObject({ removed: 4, keptCount: 0, tags: 1 });
  expect(existsSync(dirname(dirname(tagLink("1.0"))))).toBe(false);
  expect(existsSync(tagLink("stays"))).toBe(true);
  expect(existsSync(pathOf(tree.layerLink(app, image.layer.digest)))).toBe(false);
  expect(existsSync(pathOf(tree.revisionLink(app, image.manifest.digest)))).toBe(false);
});

test("what was never taken over stays, also when it is to be pruned", async () => {
  await takenOver();
  tree.addImage("team/other", "1.0");
  // What an import left out.
  const { manifest } = tree.addImage(app, "3.0");
  await metadata.transaction(async (queries) =>
    putPartlyImported(queries, { id: await idOf(), isPartly: true, nowMs: 0 }),
  );
  const link = pathOf(tree.revisionLink(app, manifest.digest));
  const { kept } = await run({ prune: true });
  expect([existsSync(link), kept.some(({ repository }) => repository === "team/other")]).toEqual([true, true]);
});

test("a link to what clean-up removed goes by itself, since nobody can pull it", async () => {
  const image = await takenOver();
  const repositoryId = await idOf();
  await metadata.transaction(async (queries) => {
    await removeTag(queries, repositoryId, tag("1.0"));
    await unlinkBlob(queries, repositoryId, image.layer.digest);
  });
  tree.remove(tree.data(image.layer));
  expect(await run()).toMatchObject({ removed: 1, keptCount: 1 });
  expect(existsSync(pathOf(tree.layerLink(app, image.layer.digest)))).toBe(false);
});

test("a blob whose bytes are lost is told, not linked", async () => {
  const image = await takenOver();
  tree.remove(tree.data(image.layer));
  tree.remove(tree.layerLink(app, image.layer.digest));
  const { damaged, blobs } = await run();
  expect(damaged).toMatchObject([{ repository: app, reference: image.layer.digest }]);
  expect(blobs).toBe(1);
  expect(existsSync(pathOf(tree.layerLink(app, image.layer.digest)))).toBe(false);
});

test("it stops when it is asked to, and says so", async () => {
  await takenOver();
  expect(await run({ signal: AbortSignal.abort() })).toMatchObject({ isFinished: false, repositories: 0 });
});
