import { afterEach, beforeEach, expect, test } from "bun:test";
import { listTags } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, type StorageDriver } from "../../../../src/storage/index.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { openTreeSite, type TreeSite } from "./tree-site.ts";

let site: TreeSite;
let memory: StorageDriver;
beforeEach(async () => {
  site = await openTreeSite();
  memory = await openStorage({ kind: "inmemory" }, { clock: systemClock });
});
afterEach(async () => {
  await memory.close();
  await site.close();
});

const importFrom = (storage: StorageDriver) =>
  importRegistryV2({ metadata: site.metadata, storage, clock: systemClock });

test("a registry:2 is taken over from a storage that is no folder as from one", async () => {
  site.tree.addImage("team/app", "1.0");
  site.tree.addImage("team/other", "1.0");
  for await (const { key } of site.storage.iterate("docker/")) {
    const bytes = await (await site.storage.read(key))?.bytes();
    await memory.write(key, bytes ?? new Uint8Array());
  }
  const imported = await importFrom(memory);
  expect(imported).toMatchObject({ added: { repositories: 2, manifests: 2, tags: 2 }, damaged: [] });
  // A folder with the same has nothing more.
  expect(await importFrom(site.storage)).toMatchObject({ added: { repositories: 0, manifests: 0, tags: 0, blobs: 0 } });
});

test("a list of referrers that says nothing of its own stays away, unless another tag points at it", async () => {
  const { tree } = site;
  const repository = "team/app" as RepositoryName;
  const { manifest: subject } = tree.addImage(repository, "1.0");
  const signature = tree.addImage(repository, "signature", {
    subject: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: subject.digest,
      size: subject.bytes.length,
    },
  });
  const list = tree.addManifest(repository, imageIndex([signature.manifest]));
  const listTag = subject.digest.replace(":", "-");
  tree.addTag(repository, listTag, list.digest);
  const tags = async () => listTags(site.metadata.reads, repository, { after: "", limit: 10 });
  expect(await importFrom(site.storage)).toMatchObject({ added: { manifests: 2, tags: 2 }, damaged: [] });
  expect(await tags()).toEqual(["1.0", "signature"] as never);
  // What says more than the manifests themselves do is content.
  const more = tree.addManifest(repository, imageIndex([signature.manifest, subject]));
  tree.addTag(repository, `sha256-${"0".repeat(64)}`, more.digest);
  tree.addTag(repository, "list", list.digest);
  expect(await importFrom(site.storage)).toMatchObject({ added: { manifests: 2, tags: 3 }, damaged: [] });
});
