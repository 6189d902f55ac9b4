import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  listManifests,
  listReferrers,
  listMissingReferences,
  putNodeSetting,
  type Queries,
  removeManifest,
  repairManifestIndex,
} from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_MANIFEST, parseManifest, type Reference, type RepositoryName } from "../../../../src/oci/index.ts";
import { blobKeyOf, putManifest, type Registry } from "../../../../src/registry/index.ts";
import { type RepairedIndex, repairIndex } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf, descriptorOf, imageManifest } from "../../../support/oci-content.ts";
import { app, damage, push, seenByClients } from "./scrubbed-registry.ts";

const [config, layer] = [contentOf("{}"), contentOf("layer")];
const subject = imageManifest({ config, layers: [] });
const annotations = { of: "mine" };
const image = imageManifest({
  config,
  layers: [layer],
  more: { subject: descriptorOf(subject, OCI_IMAGE_MANIFEST), artifactType: "application/x-mine", annotations },
});
const other = "team/other" as RepositoryName;

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  ({ registry } = memory);
  await push(registry, "{}");
  await push(registry, "layer");
  await pushImage();
});
afterEach(() => memory.close());

async function pushImage(): Promise<void> {
  const reference = { kind: "tag", tag: "1.0" } as Reference;
  const pushed = { repository: app, reference, tags: [], contentType: OCI_IMAGE_MANIFEST, body: image.bytes };
  await putManifest(registry, { ...pushed, by: nobody });
}

const change = (work: (queries: Queries) => Promise<unknown>) =>
  registry.metadata.transaction(async (queries) => void (await work(queries)));
const repair = () => repairIndex({ registry, bytesPerSecond: 0, signal: new AbortController().signal });
const nothing: RepairedIndex = {
  manifests: 1,
  columns: 0,
  references: 0,
  blobs: 0,
  links: 0,
  unresolved: 0,
  quotas: [],
};

async function index() {
  const { reads } = registry.metadata;
  return {
    references: await reads.selectFrom("manifest_references").selectAll().orderBy("position").execute(),
    referrers: await listReferrers(reads, { repository: app, subject: subject.digest, after: "", limit: 9 }),
    missing: await listMissingReferences(reads, 1),
  };
}

test("an index that is right stays as it is", async () => {
  const before = await index();
  expect(before.referrers).toHaveLength(1);
  expect(await repair()).toEqual(nothing);
  expect(await index()).toEqual(before);
});

test("what was deleted meanwhile is not repaired in the place of what has its number now", async () => {
  const page = await listManifests(registry.metadata.reads, 0, 1);
  const [stored = expect.unreachable()] = page;
  await change((queries) => removeManifest(queries, stored.repositoryId, stored.digest));
  const reference = { kind: "tag", tag: "1.0" } as Reference;
  const pushed = { repository: app, reference, tags: [], contentType: OCI_IMAGE_MANIFEST, body: subject.bytes };
  await putManifest(registry, { ...pushed, by: nobody });
  const [newer] = await listManifests(registry.metadata.reads, 0, 1);
  expect(newer).toMatchObject({ id: stored.id, digest: subject.digest });
  const before = await index();
  const manifest = parseManifest(stored.body, stored.mediaType);
  await change(async (queries) => {
    expect(await repairManifestIndex(queries, stored, manifest)).toEqual({ columns: false, references: false });
  });
  expect(await index()).toEqual(before);
});

describe("what is wrong is made right:", () => {
  const rows: readonly [string, (queries: Queries) => Promise<unknown>, Partial<RepairedIndex>][] = [
    ["references that are gone", (q) => q.deleteFrom("manifest_references").execute(), { references: 1 }],
    [
      "a reference of another digest",
      (q) => q.updateTable("manifest_references").set({ digest: config.digest }).execute(),
      { references: 1 },
    ],
    [
      "columns",
      (q) =>
        q
          .updateTable("manifests")
          .set({ subject_digest: null, artifact_type: "x", annotations: null, size_bytes: 1 })
          .execute(),
      { columns: 1 },
    ],
    ["links of blobs to the repository", (q) => q.deleteFrom("repository_blobs").execute(), { links: 2 }],
    [
      "rows of blobs whose bytes are there",
      async (q) => {
        await q.deleteFrom("repository_blobs").execute();
        await q.deleteFrom("blobs").execute();
      },
      { links: 2, blobs: 2 },
    ],
  ];
  test.each(rows)("%s", async (_, break_, repaired) => {
    const before = await index();
    await change(break_);
    expect(await index()).not.toEqual(before);
    expect(await repair()).toEqual({ ...nothing, ...repaired });
    expect(await index()).toEqual(before);
    expect(await seenByClients(registry, layer.digest)).toEqual(["there", "layer"]);
    expect(await repair()).toEqual(nothing);
  });
});

describe("nothing is made of", () => {
  const forgetBlobs = () =>
    change(async (queries) => {
      await queries.deleteFrom("repository_blobs").execute();
      await queries.deleteFrom("blobs").execute();
    });

  test("bytes that are damaged or gone", async () => {
    await forgetBlobs();
    await damage(registry, layer, "lager");
    await registry.storage.remove(blobKeyOf(config.digest));
    expect(await repair()).toEqual({ ...nothing, unresolved: 2 });
  });

  test("a manifest that is damaged", async () => {
    await change(async (queries) => {
      await queries.deleteFrom("manifest_references").execute();
      await queries
        .updateTable("manifests")
        .set({ body: imageManifest({ config, layers: [] }).bytes })
        .execute();
    });
    expect(await repair()).toEqual({ ...nothing, manifests: 0 });
  });

  test("the name of another repository's blob, where pushes are not checked", async () => {
    await memory.close();
    const unchecked = { enabled: false, allowedUrls: [], deniedUrls: [], requiredPlatforms: "all" } as const;
    memory = await openMemoryRegistry({ validation: unchecked });
    ({ registry } = memory);
    await push(registry, "{}", other);
    await push(registry, "layer", other);
    await pushImage();
    expect(await repair()).toEqual(nothing);
    expect(await registry.metadata.hot.findBlobInRepository(app, layer.digest)).toBeUndefined();
  });
});

test("what nodes with a quota hold is counted again, and said where it was wrong", async () => {
  for (const path of ["team", "other"])
    await change((queries) => putNodeSetting(queries, { path, name: "quota", value: { tags: 9 }, nowMs: 1 }));
  await change((queries) =>
    queries.updateTable("quota_uses").set({ bytes: 1, tags: 5 }).where("path", "=", "team").execute(),
  );
  const counted = { bytes: 7, tags: 1, repositories: 1 };
  const corrected = { path: "team", recorded: { bytes: 1, tags: 5, repositories: 1 }, counted };
  expect(await repair()).toEqual({ ...nothing, quotas: [corrected] });
  expect(await repair()).toEqual(nothing);
});
