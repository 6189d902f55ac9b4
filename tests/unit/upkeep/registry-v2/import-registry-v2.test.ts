import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  countContents,
  findRepositoryArrival,
  findRepositoryId,
  isWhollyImported,
  listReferrers,
  listTagChanges,
  listRepositories,
  listTags,
  type MetadataDatabase,
  putNodeSetting,
  putTag,
  recordTagChange,
  removeTag,
  findManifestId,
} from "../../../../src/metadata/index.ts";
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  type Digest,
  digestOf,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  type RepositoryName,
  type Tag,
} from "../../../../src/oci/index.ts";
import { blobKeyOf } from "../../../../src/registry/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { type StorageDriver, StorageError } from "../../../../src/storage/index.ts";
import { collectGarbage, type Damage, type ImportedRepository } from "../../../../src/upkeep/index.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../../../support/oci-content.ts";
import { nobody } from "../../../support/nobody.ts";
import type { RegistryV2Tree } from "./registry-v2-tree.ts";
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

const run = () => importRegistryV2({ metadata, storage, clock: systemClock });

/** `name:reference reason`, shortened. */
async function damageOf(): Promise<string[]> {
  const { damaged } = await run();
  return damaged.map((damage) => `${damage.repository} ${damage.reference}: ${damage.reason} ${outcomeOf(damage)}`);
}

const outcomeOf = ({ isIndexed }: Damage) => (isIndexed ? "(kept)" : "(left out)");

describe("importing a registry:2", () => {
  test("brings repositories, manifests as they were, tags and blobs where they lie", async () => {
    const image = tree.addImage(app, "1.0");
    tree.addTag(app, "latest", image.manifest.digest);
    tree.addImage("team/app/nested", "1.0");

    const { contents, added, damaged, danglingLinks } = await run();

    const blobBytes = contents.blobBytes;
    expect(contents).toEqual({ repositories: 2, manifests: 2, tags: 3, blobs: 4, blobBytes });
    expect(added).toEqual(contents);
    expect([damaged, danglingLinks]).toEqual([[], 0]);
    expect(await listTags(metadata.reads, app, { after: "", limit: 9 })).toEqual([tag("1.0"), tag("latest")]);
    const manifest = await metadata.hot.findManifestByTag(app, tag("latest"));
    expect(manifest?.digest).toBe(image.manifest.digest);
    expect(new Uint8Array(manifest?.body ?? [])).toEqual(image.manifest.bytes);
    expect(await metadata.hot.findBlobInRepository(app, image.layer.digest)).toEqual({
      digest: image.layer.digest,
      sizeBytes: image.layer.bytes.byteLength,
      storageKey: blobKeyOf(image.layer.digest),
      lostReason: null,
    });
  });

  test("tells how far it is, repository by repository", async () => {
    tree.addImage("b", "1");
    tree.addImage("a", "1");
    const reports: ImportedRepository[] = [];
    await importRegistryV2({ metadata, storage, clock: systemClock, report: (imported) => reports.push(imported) });
    const counts = { blobs: 2, manifests: 1, tags: 1, danglingLinks: 0, total: 2 };
    expect(reports).toEqual([
      { ...counts, name: "a" as RepositoryName, position: 1 },
      { ...counts, name: "b" as RepositoryName, position: 2 },
    ]);
  });

  test("writes nothing into the directory", async () => {
    tree.addImage(app, "1.0");
    const before = tree.snapshot();
    await run();
    expect(tree.snapshot()).toEqual(before);
  });

  test("keeps a blob of two repositories once, and each repository's right to it", async () => {
    const layer = tree.addBlob("a", contentOf("shared"));
    tree.addBlob("b", layer);
    tree.addImage("c", "1");
    const { contents } = await run();
    expect(contents.blobs).toBe(3);
    const has = async (name: string) =>
      (await metadata.hot.findBlobInRepository(name as RepositoryName, layer.digest)) !== undefined;
    expect([await has("a"), await has("b"), await has("c")]).toEqual([true, true, false]);
  });

  test("takes the times of the files", async () => {
    const { manifest } = tree.addImage(app, "1.0");
    const [pushedAtMs, taggedAtMs] = [1_600_000_000_123, 1_650_000_000_456];
    tree.setTime(tree.revisionLink(app, manifest.digest), pushedAtMs);
    tree.addTag(app, "1.0", manifest.digest, taggedAtMs);
    await run();
    const times = await metadata.reads
      .selectFrom("tags as t")
      .innerJoin("manifests as m", "m.id", "t.manifest_id")
      .innerJoin("repositories as r", "r.id", "t.repository_id")
      .select(["m.created_at_ms as manifest", "t.updated_at_ms as tag", "r.created_at_ms as repository"])
      .executeTakeFirstOrThrow();
    expect(times).toEqual({ manifest: pushedAtMs, tag: taggedAtMs, repository: pushedAtMs });
  });

  test("finds a blob that was pushed under its sha512 digest in the file of its sha256 digest", async () => {
    const layer = tree.addBlob(app, contentOf("content"));
    const sha512 = digestOf(layer.bytes, "sha512");
    tree.write(tree.layerLink(app, sha512), layer.digest);
    await run();
    expect(await metadata.hot.findBlobInRepository(app, sha512)).toEqual({
      digest: sha512,
      sizeBytes: layer.bytes.byteLength,
      storageKey: blobKeyOf(layer.digest),
      lostReason: null,
    });
  });

  test.each([
    [OCI_IMAGE_MANIFEST, { config: {}, layers: [] }],
    [DOCKER_MANIFEST, { mediaType: DOCKER_MANIFEST, config: {}, layers: [] }],
    [OCI_IMAGE_INDEX, { manifests: [] }],
    [DOCKER_MANIFEST_LIST, { mediaType: DOCKER_MANIFEST_LIST, manifests: [] }],
  ])("serves a manifest as %s that says %j", async (mediaType, fields) => {
    const config = tree.addBlob(app, contentOf("{}"));
    const body = { schemaVersion: 2, ...fields, ...("config" in fields && { config: descriptorOf(config, "a/b") }) };
    const { digest } = tree.addManifest(app, contentOf(JSON.stringify(body)));
    tree.addTag(app, "1.0", digest);
    expect(await damageOf()).toEqual([]);
    expect((await metadata.hot.findManifestHeadByTag(app, tag("1.0")))?.mediaType).toBe(mediaType as never);
  });

  test("finds what refers to a manifest, though registry:2 has no such listing", async () => {
    const { manifest } = tree.addImage(app, "1.0");
    const subject = descriptorOf(manifest, OCI_IMAGE_MANIFEST);
    const signature = tree.addImage(app, "signature", { subject, artifactType: "application/vnd.example.signature" });
    await run();
    const query = { repository: app, subject: manifest.digest, after: "", limit: 9 };
    expect((await listReferrers(metadata.reads, query)).map((referrer) => referrer.digest)).toEqual([
      signature.manifest.digest,
    ]);
  });

  test("takes repositories with more tags than it writes at once, and manifests that nothing points at", async () => {
    const image = tree.addImage(app, "first");
    for (let number = 0; number < 600; number++) tree.addTag(app, `build-${number}`, image.manifest.digest);
    tree.addManifest(app, imageManifest({ config: image.config, layers: [] }));
    const { contents } = await run();
    expect(contents).toMatchObject({ tags: 601, manifests: 2 });
  });
});

describe("importing again", () => {
  test("changes nothing", async () => {
    const image = tree.addImage(app, "1.0");
    tree.remove(tree.data(tree.addImage(app, "2.0").layer));
    const first = await run();
    const rows = await allRows();
    const again = await run();
    expect(again.added).toEqual({ repositories: 0, manifests: 0, tags: 0, blobs: 0, blobBytes: 0 });
    expect(again.contents).toEqual(first.contents);
    expect(again.damaged).toEqual(first.damaged);
    expect(await allRows()).toEqual(rows);
    expect((await metadata.hot.findManifestByTag(app, tag("1.0")))?.digest).toBe(image.manifest.digest);
  });

  test("says of a repository when something came into it last", async () => {
    const importAt = async (atMs: number) => {
      await importRegistryV2({ metadata, storage, clock: { nowMs: () => atMs } });
      const repositoryId = (await findRepositoryId(metadata.reads, app)) ?? 0;
      return (await findRepositoryArrival(metadata.reads, repositoryId))?.importedAtMs;
    };
    const { manifest } = tree.addImage(app, "1.0");
    expect([await importAt(1), await importAt(2)]).toEqual([1, 1]);
    tree.addTag(app, "2.0", manifest.digest);
    expect([await importAt(3), await importAt(4)]).toEqual([3, 3]);
    tree.addManifest(app, imageIndex([manifest]));
    expect([await importAt(5), await importAt(6)]).toEqual([5, 5]);
  });

  test("goes on after a failure", async () => {
    for (const name of ["a", "b", "c"]) tree.addImage(name, "1.0");
    const iterate = storage.iterate.bind(storage);
    storage.iterate = (prefix) => {
      if (prefix.includes("/b/_manifests")) throw new StorageError("unavailable", "the disk does not answer");
      return iterate(prefix);
    };
    expect(await run().catch((error: StorageError) => error.reason)).toBe("unavailable");
    expect(await countContents(metadata.reads)).toMatchObject({ repositories: 2, manifests: 1 });
    storage.iterate = iterate;
    expect((await run()).contents).toMatchObject({ repositories: 3, manifests: 3, tags: 3, blobs: 6 });
  });

  test("moves a tag that registry:2 moved in the meantime", async () => {
    const [old, young] = [tree.addImage(app, "1.0"), tree.addImage(app, "2.0")];
    tree.addTag(app, "latest", old.manifest.digest, 1_000_000);
    await run();
    tree.addTag(app, "latest", young.manifest.digest, 2_000_000);
    await run();
    expect((await metadata.hot.findManifestByTag(app, tag("latest")))?.digest).toBe(young.manifest.digest);
    const repositoryId = (await findRepositoryId(metadata.reads, app)) ?? -1;
    const history = await listTagChanges(metadata.reads, { repositoryId, tag: tag("latest") }, { limit: 9 });
    expect(history).toMatchObject([
      { cause: "import", digest: young.manifest.digest, fromDigest: old.manifest.digest, atMs: 2_000_000 },
      { cause: "import", digest: old.manifest.digest, fromDigest: null, atMs: 1_000_000 },
    ]);
  });

  test("leaves an immutable tag where it is, and says so", async () => {
    const [old, young] = [tree.addImage(app, "1.0"), tree.addImage(app, "2.0")];
    tree.addTag(app, "latest", old.manifest.digest, 1_000_000);
    await run();
    const said = { path: "team", name: "immutable-tags", value: ["l*"], nowMs: 1 };
    await metadata.transaction((queries) => putNodeSetting(queries, said));
    tree.addTag(app, "latest", young.manifest.digest, 2_000_000);
    tree.addTag(app, "late", young.manifest.digest, 2_000_000);
    const [was, is] = [old.manifest.digest, young.manifest.digest];
    expect(await damageOf()).toEqual([
      `${app} latest: it is immutable by "l*" of team, and stays at ${was} instead of ${is} (left out)`,
    ]);
    const pointsAt = async (text: string) => (await metadata.hot.findManifestByTag(app, tag(text)))?.digest;
    expect([await pointsAt("latest"), await pointsAt("late")]).toEqual([was, is]);
    // Nothing has to be repaired, and clean-up not to wait for that.
    expect(await isWhollyImported(metadata.reads, app)).toBe(true);
  });

  test("brings back a tag that was deleted in the meantime, as of now", async () => {
    const { manifest } = tree.addImage(app, "1.0");
    tree.addTag(app, "latest", manifest.digest, 1_000_000);
    await run();
    const repositoryId = (await findRepositoryId(metadata.reads, app)) ?? -1;
    const deletion = { repositoryId, tag: tag("latest"), digest: undefined, from: undefined, by: nobody };
    await metadata.transaction(async (queries) => {
      await recordTagChange(queries, { ...deletion, cause: "delete", nowMs: 2_000_000 });
      await removeTag(queries, repositoryId, tag("latest"));
    });
    const beforeMs = systemClock.nowMs();
    await run();
    const [last] = await listTagChanges(metadata.reads, { repositoryId, tag: tag("latest") }, { limit: 9 });
    expect(last).toMatchObject({ cause: "import", digest: manifest.digest, fromDigest: null });
    expect(last?.atMs).toBeGreaterThanOrEqual(beforeMs);
  });

  test("leaves a tag alone that was moved in Berth in the meantime", async () => {
    const [old, young] = [tree.addImage(app, "1.0"), tree.addImage(app, "2.0")];
    tree.addTag(app, "latest", old.manifest.digest, 1_000_000);
    await run();
    await metadata.transaction(async (queries) => {
      const repositoryId = (await findRepositoryId(queries, app)) ?? -1;
      const manifestId = (await findManifestId(queries, repositoryId, young.manifest.digest)) ?? -1;
      await putTag(queries, { repositoryId, tag: tag("latest"), manifestId, nowMs: 2_000_000 });
    });
    await run();
    expect((await metadata.hot.findManifestByTag(app, tag("latest")))?.digest).toBe(young.manifest.digest);
  });

  async function allRows() {
    const { reads } = metadata;
    return [
      await reads.selectFrom("repositories").selectAll().orderBy("id").execute(),
      await reads.selectFrom("manifests").selectAll().orderBy("id").execute(),
      await reads.selectFrom("manifest_references").selectAll().orderBy("digest").execute(),
      await reads.selectFrom("tags").selectAll().orderBy("name").execute(),
      await reads.selectFrom("blobs").selectAll().orderBy("id").execute(),
      await reads.selectFrom("repository_blobs").selectAll().orderBy("blob_id").execute(),
    ];
  }
});

describe("damage is reported and does not stop the import:", () => {
  const missing = (kind: string, { digest }: { digest: Digest }) => `it names what is not there: ${kind} ${digest}`;

  afterEach(async () => {
    // Whatever else is broken, a good image beside it is there.
    const good = tree.addImage("good", "1.0");
    await run();
    expect((await metadata.hot.findManifestByTag("good" as RepositoryName, tag("1.0")))?.digest).toBe(
      good.manifest.digest,
    );
  });

  test("a manifest without its bytes, and the tag that points at it", async () => {
    const { manifest } = tree.addImage(app, "1.0");
    tree.remove(tree.data(manifest));
    expect(await damageOf()).toEqual([
      `${app} ${manifest.digest}: its bytes are gone (left out)`,
      `${app} 1.0: it points at ${manifest.digest}, which is missing or damaged (left out)`,
    ]);
  });

  test.each([
    ["changed", (content: Content) => new TextEncoder().encode(`${Buffer.from(content.bytes).toString()} `)],
    ["cut off", (content: Content) => content.bytes.slice(0, 10)],
    ["emptied", () => new Uint8Array()],
  ])("a manifest whose bytes were %s", async (_, damage) => {
    const { manifest } = tree.addImage(app, "1.0");
    const bytes = damage(manifest);
    tree.write(tree.data(manifest), bytes);
    expect(await damageOf()).toEqual([
      `${app} ${manifest.digest}: its bytes are damaged: their digest is ${digestOf(bytes)} (left out)`,
      `${app} 1.0: it points at ${manifest.digest}, which is missing or damaged (left out)`,
    ]);
  });

  test.each([
    ["manifests of schema 1 are not supported any more: push the image with a current client", '{"schemaVersion":1}'],
    ["schemaVersion is not 2", '{"schemaVersion":3}'],
    ["the manifest is not JSON in UTF-8: JSON Parse error: Unexpected identifier", "not JSON"],
    ["the manifest is not a JSON object", "[]"],
    ["a/b is not a media type of a manifest that this registry takes", '{"schemaVersion":2,"mediaType":"a/b"}'],
    ["its 4194305 bytes are more than a manifest may have", " ".repeat(4 * 1024 * 1024 + 1)],
  ])("a manifest that cannot be served: %s", async (reason, text) => {
    const { digest } = tree.addManifest(app, contentOf(text));
    expect(await damageOf()).toEqual([expect.stringContaining(`${app} ${digest}: ${reason}`)]);
    expect(await metadata.hot.findManifestByDigest(app, digest)).toBeUndefined();
  });

  test("a layer without its bytes: the manifest stays, the repository does not have the layer", async () => {
    const { manifest, layer } = tree.addImage(app, "1.0");
    tree.remove(tree.data(layer));
    expect(await damageOf()).toEqual([`${app} ${manifest.digest}: ${missing("blob", layer)} (kept)`]);
    expect((await metadata.hot.findManifestByTag(app, tag("1.0")))?.digest).toBe(manifest.digest);
    expect(await metadata.hot.findBlobInRepository(app, layer.digest)).toBeUndefined();
  });

  test("a layer that its repository does not link to", async () => {
    const { manifest, layer } = tree.addImage(app, "1.0");
    tree.remove(tree.layerLink(app, layer.digest));
    expect(await damageOf()).toEqual([`${app} ${manifest.digest}: ${missing("blob", layer)} (kept)`]);
  });

  test("many missing layers in one line", async () => {
    const config = tree.addBlob(app, contentOf("{}"));
    const layers = ["1", "2", "3", "4", "5"].map(contentOf);
    const { digest } = tree.addManifest(app, imageManifest({ config, layers }));
    const named = layers.slice(0, 3).map((layer) => `blob ${layer.digest}`);
    expect(await damageOf()).toEqual([
      `${app} ${digest}: it names what is not there: ${named.join(", ")} and 2 more (kept)`,
    ]);
  });

  test("an index with a child that is gone", async () => {
    const [first, second] = [tree.addImage(app, "1.0"), tree.addImage(app, "2.0")];
    const index = tree.addManifest(app, imageIndex([first.manifest, second.manifest]));
    tree.remove(tree.revisionLink(app, first.manifest.digest));
    expect(await damageOf()).toEqual([
      `${app} ${index.digest}: ${missing("manifest", first.manifest)} (kept)`,
      `${app} 1.0: it points at ${first.manifest.digest}, which is missing or damaged (left out)`,
    ]);
  });

  test.each([
    ["is empty", ""],
    ["holds something else", "sha256:abc"],
    ["is far too long for one", `${" ".repeat(2000)}sha256:${"0".repeat(64)}`],
  ])("a tag whose link %s", async (_, link) => {
    tree.write(`repositories/${app}/_manifests/tags/broken/current/link`, link);
    expect(await damageOf()).toEqual([`${app} broken: its link holds no digest (left out)`]);
  });

  test("a tag that is none", async () => {
    tree.addTag(app, "-no-tag", tree.addImage(app, "1.0").manifest.digest);
    expect(await damageOf()).toEqual([`${app} -no-tag: this is not a valid tag (left out)`]);
  });

  test.each([
    ["Team/App", "a repository name is lower case"],
    [`${"long/".repeat(60)}name`, "a repository name has at most 255 characters"],
  ])("a repository with the name %s", async (name, reason) => {
    tree.addImage(name, "1.0");
    expect(await damageOf()).toEqual([`${name} : ${reason} (left out)`]);
    expect(await listRepositories(metadata.reads, { after: "", limit: 9 })).toEqual([]);
  });

  test("blobs and manifests under digests of other kinds", async () => {
    const { layer } = tree.addImage(app, "1.0");
    tree.write(`repositories/${app}/_layers/sha384/abc/link`, layer.digest);
    tree.write(`repositories/${app}/_manifests/revisions/sha384/abc/link`, layer.digest);
    expect(await damageOf()).toEqual([
      `${app} sha384:abc: blobs under a digest of this kind are not supported (left out)`,
      `${app} sha384:abc: manifests under a digest of this kind are not supported (left out)`,
    ]);
  });

  test("a sha512 link that does not say where the bytes are", async () => {
    const digest = digestOf(new Uint8Array(), "sha512");
    tree.write(tree.layerLink(app, digest), "");
    expect(await damageOf()).toEqual([`${app} ${digest}: its link does not say where its bytes are (left out)`]);
  });
});

describe("no damage is", () => {
  test("a link to a layer that garbage collection removed, where no manifest names it", async () => {
    tree.remove(tree.data(tree.addBlob(app, contentOf("swept"))));
    const { damaged, danglingLinks, contents } = await run();
    expect([damaged, danglingLinks, contents.blobs]).toEqual([[], 1, 0]);
  });

  test("a layer that must not be handed on and is elsewhere", async () => {
    const config = tree.addBlob(app, contentOf("{}"));
    const foreign = descriptorOf(contentOf("windows"), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    const body = { schemaVersion: 2, config: descriptorOf(config, "a/b"), layers: [foreign] };
    tree.addManifest(app, contentOf(JSON.stringify(body)));
    expect(await damageOf()).toEqual([]);
  });

  test("an index of layers, as build caches are", async () => {
    const layer = tree.addBlob(app, contentOf("cached"));
    const manifests = [descriptorOf(layer, "application/vnd.oci.image.layer.v1.tar")];
    tree.addManifest(app, contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests })));
    expect(await damageOf()).toEqual([]);
  });

  test("a manifest whose subject is not there", async () => {
    const subject = descriptorOf(contentOf("gone"), OCI_IMAGE_MANIFEST);
    tree.addImage(app, "signature", { subject });
    expect(await damageOf()).toEqual([]);
  });

  test("what an upload, a signature of schema 1 or somebody else left", async () => {
    tree.addImage(app, "1.0");
    tree.write(`repositories/${app}/_uploads/0000/data`, "half");
    tree.write(`repositories/${app}/_uploads/0000/startedat`, "2024-01-01T00:00:00Z");
    tree.write(`repositories/${app}/_manifests/revisions/sha256/abc/signatures/sha256/def/link`, "sha256:def");
    tree.write(`repositories/${app}/README`, "hello");
    tree.write("repositories/only-uploads/_uploads/0000/data", "half");
    tree.write("README", "hello");
    const { damaged, contents } = await run();
    expect(damaged).toEqual([]);
    expect(contents).toMatchObject({ repositories: 1, manifests: 1, tags: 1, blobs: 2 });
  });

  test("a repository that has been emptied", async () => {
    const { manifest } = tree.addImage(app, "1.0");
    tree.remove(tree.revisionLink(app, manifest.digest));
    tree.remove(`repositories/${app}/_manifests/tags/1.0`);
    const { damaged, contents } = await run();
    expect(damaged).toEqual([]);
    expect(contents).toMatchObject({ repositories: 1, manifests: 0, tags: 0, blobs: 2 });
  });
});

test("clean-up beside an import takes nothing that its tags are still to come for, however old it is", async () => {
  const { manifest } = tree.addImage("team/app", "1.0");
  tree.setTime(tree.revisionLink("team/app", manifest.digest), 1000);
  const registry = { metadata, storage, clock: systemClock };
  const { signal } = new AbortController();
  const options = { run: "run-1", windowMs: 60_000, settleMs: 0, restFactor: 0, untagged: "remove", signal } as const;
  const iterate = async function* (prefix: string) {
    // The last step of a repository.
    if (prefix.includes("_manifests/tags")) await collectGarbage({ ...options, registry });
    yield* storage.iterate(prefix);
  };
  const beside: StorageDriver = {
    name: storage.name,
    uploads: storage.uploads,
    stat: (key) => storage.stat(key),
    read: (key, options) => storage.read(key, options),
    write: (key, bytes) => storage.write(key, bytes),
    remove: (key) => storage.remove(key),
    move: (from, to) => storage.move(from, to),
    removeEmpty: (prefix) => storage.removeEmpty(prefix),
    check: () => storage.check(),
    close: () => storage.close(),
    iterate,
  };
  const { damaged, contents } = await importRegistryV2({ metadata, storage: beside, clock: systemClock });
  expect([damaged, contents.tags]).toEqual([[], 1]);
});
