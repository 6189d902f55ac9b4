import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findDescription,
  isDescriptionBehind,
  openSqlite,
  pruneTagHistory,
  type Queries,
  recordBlobLoss,
} from "../../../../src/metadata/index.ts";
import {
  type Digest,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseReference,
  type RepositoryName,
} from "../../../../src/oci/index.ts";
import {
  blobKeyOf,
  deleteBlob,
  deleteManifest,
  putManifest,
  putWholeBlob,
  type Registry,
} from "../../../../src/registry/index.ts";
import { parseStorageKey } from "../../../../src/storage/index.ts";
import { describeRegistry } from "../../../../src/upkeep/description/describe-registry.ts";
import { NOTHING_DESCRIBED } from "../../../../src/upkeep/description/description-run.ts";
import { stopDescribing } from "../../../../src/upkeep/description/stop-describing.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, contentOf, imageIndex, imageManifest } from "../../../support/oci-content.ts";
import { streamOf } from "../../../support/stream-of.ts";
import { withStorage } from "../../../support/with-storage.ts";

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
});
afterEach(() => memory.close());

const app = "team/app" as RepositoryName;
const reads = () => registry.metadata.reads;

/** Something to push that no other has. */
const content = (text: string): Content => imageIndex([], { annotations: { text } });

function push({ bytes: body }: Content, reference: string, repository = app) {
  const push = { repository, reference: parseReference(reference), tags: [], contentType: OCI_IMAGE_INDEX };
  return putManifest(registry, { ...push, body, by: nobody });
}

const remove = (reference: string, repository = app) =>
  deleteManifest(registry, { repository, reference: parseReference(reference), by: nobody });

async function run(options: { readonly signal?: AbortSignal; readonly report?: () => void } = {}) {
  const tally = { ...NOTHING_DESCRIBED };
  const { signal = new AbortController().signal, report = () => undefined } = options;
  await describeRegistry({ ...registry, signal, restFactor: 0, tally, report });
  return tally;
}

/** What another database makes of the storage: tags and digests by repository. */
async function readBack(): Promise<Record<string, Record<string, string>>> {
  const metadata = await openSqlite(":memory:");
  try {
    const { damaged } = await importRegistryV2({ ...registry, metadata });
    expect(damaged).toEqual([]);
    const rows = await metadata.reads
      .selectFrom("manifests as m")
      .innerJoin("repositories as r", "r.id", "m.repository_id")
      .leftJoin("tags as t", "t.manifest_id", "m.id")
      .select(["r.name", "m.digest", "t.name as tag"])
      .execute();
    const found: Record<string, Record<string, string>> = {};
    for (const { name, digest, tag } of rows) (found[name] ??= {})[tag ?? digest] = digest;
    return found;
  } finally {
    await metadata.close();
  }
}

const countLinks = async () =>
  (await Array.fromAsync(registry.storage.iterate(`docker/registry/v2/repositories/${app}/_layers/`))).length;

/** 0: its bytes were found damaged. */
const setSize = (digest: Digest, sizeBytes: number) =>
  registry.metadata.transaction((queries) =>
    queries.updateTable("manifests").set({ size_bytes: sizeBytes }).where("digest", "=", digest).execute(),
  );

const [one, two, three] = [content("one"), content("two"), content("three")];

describe("a registry's description", () => {
  test("follows what changes, and looks at nothing else", async () => {
    await push(one, "1");
    await push(two, "2");
    expect(await run()).toMatchObject({ manifests: 2, tags: 2, written: 8, damaged: 0 });
    expect(await readBack()).toEqual({ [app]: { "1": one.digest, "2": two.digest } });
    expect(await isDescriptionBehind(reads())).toBe(false);
    expect(await run()).toEqual(NOTHING_DESCRIBED);

    await push(two, "1");
    await remove("2");
    await push(three, three.digest);
    expect(await isDescriptionBehind(reads())).toBe(true);
    expect(await run()).toMatchObject({ manifests: 1, tags: 1 });
    expect(await readBack()).toEqual({
      [app]: { "1": two.digest, [one.digest]: one.digest, [three.digest]: three.digest },
    });
    expect(await isDescriptionBehind(reads())).toBe(false);
  });

  test("follows a manifest that gets the number of one that was deleted", async () => {
    await push(one, "1");
    await push(two, "2");
    await run();
    await remove(two.digest);
    await push(three, "3");
    await run();
    expect(await readBack()).toEqual({ [app]: { "1": one.digest, "3": three.digest } });
    await remove(three.digest);
    await push(two, "2");
    await remove(two.digest);
    await push(three, "3");
    await run();
    expect(await readBack()).toEqual({ [app]: { "1": one.digest, "3": three.digest } });
  });

  test("follows tags whose history was forgotten", async () => {
    await push(one, "1");
    await push(two, "1");
    await run();
    const forget = (queries: Queries) => pruneTagHistory(queries, Number.MAX_SAFE_INTEGER, 100);
    await registry.metadata.transaction(forget);
    await push(one, "1");
    await push(one, "2");
    await push(two, "2");
    await run();
    expect(await readBack()).toEqual({ [app]: { "1": one.digest, "2": two.digest } });
  });

  test("follows a manifest that gets the number of the same one elsewhere, which is being described", async () => {
    const other = "other" as RepositoryName;
    await push(one, "1");
    const whole = registry;
    let isFirst = true;
    const write: Registry["storage"]["write"] = async (key, bytes) => {
      await whole.storage.write(key, bytes);
      if (!isFirst || !key.includes("_manifests/revisions")) return;
      isFirst = false;
      await remove(one.digest);
      await push(one, "1", other);
    };
    registry = withStorage(registry, { write });
    await run();
    registry = whole;
    await run();
    expect(await readBack()).toEqual({ [other]: { "1": one.digest } });
  });

  test("follows a tag that was moved to a manifest which is lost, when that comes back", async () => {
    await push(one, "1");
    await push(two, "2");
    await run();
    await push(two, "1");
    await setSize(two.digest, 0);
    expect(await run()).toMatchObject({ damaged: 1 });
    await setSize(two.digest, two.bytes.byteLength);
    await run();
    expect(await readBack()).toEqual({ [app]: { "1": two.digest, "2": two.digest, [one.digest]: one.digest } });
  });

  test("describes a manifest that was restored while others are", async () => {
    await push(one, "1");
    await push(two, "2");
    await run();
    await setSize(one.digest, 0);
    const link = `docker/registry/v2/repositories/${app}/_manifests/revisions/sha256/${one.digest.slice(7)}/link`;
    await registry.storage.remove(parseStorageKey(link));
    await push(three, "3");
    const whole = registry;
    const write: Registry["storage"]["write"] = async (key, bytes) => {
      await whole.storage.write(key, bytes);
      if (key.includes("_manifests/revisions")) await setSize(one.digest, one.bytes.byteLength);
    };
    registry = withStorage(registry, { write });
    await run();
    registry = whole;
    await run();
    expect(await readBack()).toEqual({ [app]: { "1": one.digest, "2": two.digest, "3": three.digest } });
  });

  test("goes on where it was interrupted", async () => {
    for (let i = 0; i < 40; i++) await push(content(`many ${i}`), `t${i}`);
    const stop = new AbortController();
    const stopped = run({ signal: stop.signal, report: () => stop.abort(new Error("stopped")) });
    expect(await stopped.catch((error: Error) => error.message)).toBe("stopped");
    expect((await findDescription(reads()))?.manifestId).toBe(16);
    expect(await run()).toMatchObject({ manifests: 24, tags: 40 });
    expect(Object.keys((await readBack())[app] ?? {})).toHaveLength(40);
  });

  test("is begun anew in another storage, and after a week", async () => {
    await push(one, "1");
    await run();
    const other = await openMemoryRegistry();
    const before = registry;
    registry = { ...registry, storage: other.registry.storage };
    expect(await run()).toMatchObject({ manifests: 1, tags: 1 });
    expect(await readBack()).toEqual({ [app]: { "1": one.digest } });
    expect(await run()).toEqual(NOTHING_DESCRIBED);
    memory.clock.atMs += 7 * 86_400_000;
    expect(await run()).toMatchObject({ manifests: 1, tags: 1, written: 0 });
    registry = before;
    await other.close();
  });

  test("follows a repository that has another name, or is gone", async () => {
    const [other, moved] = ["other", "moved"] as RepositoryName[];
    await push(one, "1");
    await push(one, "1", other);
    await run();
    await registry.metadata.transaction(async (queries) => {
      await queries
        .updateTable("repositories")
        .set({ name: moved as RepositoryName })
        .where("name", "=", app)
        .execute();
    });
    await run();
    expect(await readBack()).toEqual({ moved: { "1": one.digest }, other: { "1": one.digest } });
    await registry.metadata.transaction(async (queries) => {
      await queries
        .deleteFrom("repositories")
        .where("name", "=", moved as RepositoryName)
        .execute();
    });
    await run();
    expect(await readBack()).toEqual({ other: { "1": one.digest } });
    expect(await isDescriptionBehind(reads())).toBe(false);
  });

  test("follows a repository that got another name while nothing was described", async () => {
    await push(one, "1");
    await run();
    await stopDescribing(registry);
    const name = "moved" as RepositoryName;
    await registry.metadata.transaction((queries) =>
      queries.updateTable("repositories").set({ name }).executeTakeFirstOrThrow(),
    );
    await push(two, "2");
    await run();
    expect(await readBack()).toEqual({ [name]: { "1": one.digest }, [app]: { "2": two.digest } });
    expect(await isDescriptionBehind(reads())).toBe(false);
  });

  test("says at any moment what a repository has that gets another name", async () => {
    await push(one, "1");
    await push(two, "2");
    await run();
    // In either order of the names.
    for (const name of ["a/app", "z/app"] as RepositoryName[]) {
      await registry.metadata.transaction((queries) =>
        queries.updateTable("repositories").set({ name }).executeTakeFirstOrThrow(),
      );
      for (let steps = 1, isDone = false; !isDone; steps++) {
        const stop = new AbortController();
        let done = 0;
        const report = () => void (++done === steps && stop.abort(new Error("stopped")));
        isDone = await run({ signal: stop.signal, report }).then(
          () => true,
          () => false,
        );
        expect(Object.values(await readBack())).toContainEqual({ "1": one.digest, "2": two.digest });
      }
      expect(await readBack()).toEqual({ [name]: { "1": one.digest, "2": two.digest } });
    }
  });

  test("goes on with a repository that got another name where storage failed", async () => {
    await push(one, "1");
    await run();
    const name = "moved" as RepositoryName;
    const rename = (queries: Queries) => queries.updateTable("repositories").set({ name }).executeTakeFirstOrThrow();
    await registry.metadata.transaction(rename);
    const whole = registry;
    registry = withStorage(registry, { write: () => Promise.reject(new Error("the disk is full")) });
    expect(await run().catch((error: Error) => error.message)).toBe("the disk is full");
    registry = whole;
    expect(await isDescriptionBehind(reads())).toBe(true);
    await run();
    expect(await readBack()).toEqual({ [name]: { "1": one.digest } });
  });

  test("names the blobs of manifests, and no others", async () => {
    const [config, layer, free] = [contentOf("{}"), contentOf("layer"), contentOf("free")];
    for (const { digest, bytes } of [config, layer, free])
      await putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]) });
    const image = imageManifest({ config, layers: [layer] });
    const push = { repository: app, reference: parseReference("1"), tags: [], contentType: OCI_IMAGE_MANIFEST };
    await putManifest(registry, { ...push, body: image.bytes, by: nobody });
    await run();
    const links = await Array.fromAsync(registry.storage.iterate(`docker/registry/v2/repositories/${app}/_layers/`));
    const hex = (digest: string) => expect.stringContaining(digest.slice(7));
    expect(links.map(({ key }) => key)).toEqual(expect.arrayContaining([hex(config.digest), hex(layer.digest)]));
    expect(links).toHaveLength(2);
    expect(await registry.storage.stat(blobKeyOf(image.digest))).toBeDefined();
  });

  test("names a blob again that was deleted or lost, and pushed anew behind its manifest", async () => {
    const [config, layer] = [contentOf("{}"), contentOf("layer")];
    const pushBlob = ({ digest, bytes }: Content) =>
      putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]) });
    await Promise.all([pushBlob(config), pushBlob(layer)]);
    const image = imageManifest({ config, layers: [layer] });
    const push = { repository: app, reference: parseReference("1"), tags: [], contentType: OCI_IMAGE_MANIFEST };
    await putManifest(registry, { ...push, body: image.bytes, by: nobody });
    await run();
    for (const blob of [config, layer])
      await deleteBlob(registry, { repository: app, digest: blob.digest, by: nobody });
    await run();
    await pushBlob(config);
    await pushBlob(layer);
    const { digest } = layer;
    const loss = { digest, storageKey: blobKeyOf(digest), reason: "missing", nowMs: 1 } as const;
    await registry.metadata.transaction((queries) => recordBlobLoss(queries, loss));
    await run();
    // The one that is lost is not.
    expect(await countLinks()).toBe(1);
    await pushBlob(layer);
    expect(await isDescriptionBehind(reads())).toBe(true);
    await run();
    expect(await countLinks()).toBe(2);
    expect(await readBack()).toEqual({ [app]: { "1": image.digest } });
  });
});
