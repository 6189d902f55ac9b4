import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  clearBlobLoss,
  countLostBlobs,
  ensureRepository,
  findMissingBlobs,
  findMissingManifests,
  findRepositoryId,
  findUpload,
  insertUpload,
  linkBlob,
  listReferrers,
  listAllRepositories,
  listRepositoriesOfBlob,
  listStaleUploads,
  listTags,
  type LossReason,
  type MetadataDatabase,
  putBlob,
  putManifest,
  putTag,
  type Queries,
  recordBlobLoss,
  removeManifest,
  removeTag,
  removeUpload,
  unlinkBlob,
  updateUpload,
} from "../../src/metadata/index.ts";
import { type Digest, parseManifest, type RepositoryName, type Tag, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Content, contentOf, descriptorOf, imageManifest } from "../support/oci-content.ts";

const app = "team/app" as RepositoryName;
const other = "other" as RepositoryName;
const latest = "latest" as Tag;

/** What every metadata database promises, whatever it keeps its rows in. */
export function describeMetadataDatabase(name: string, open: () => Promise<MetadataDatabase>): void {
  describe(`metadata on ${name}`, () => {
    let db: MetadataDatabase;
    beforeEach(async () => {
      db = await open();
    });
    afterEach(async () => {
      await db.close();
    });

    const write = <T>(work: (queries: Queries) => Promise<T>) => db.transaction(work);

    async function pushBlob(repository: RepositoryName, content: Content): Promise<void> {
      await write(async (queries) => {
        const { digest, bytes } = content;
        const blob = { digest, sizeBytes: bytes.byteLength, storageKey: `key/${digest}`, createdAtMs: 1 };
        const blobId = await putBlob(queries, blob);
        await linkBlob(queries, await ensureRepository(queries, repository, 1), blobId, 1);
      });
    }

    async function pushManifest(repository: RepositoryName, content: Content, ...tags: Tag[]): Promise<void> {
      await write(async (queries) => {
        const repositoryId = await ensureRepository(queries, repository, 1);
        const manifest = parseManifest(content.bytes, OCI_IMAGE_MANIFEST);
        const entry = { repositoryId, digest: content.digest, manifest, body: content.bytes, createdAtMs: 1 };
        const { id: manifestId } = await putManifest(queries, entry);
        for (const tag of tags) await putTag(queries, { repositoryId, tag, manifestId, nowMs: 2 });
      });
    }

    const config = contentOf("{}");
    const layer = contentOf("layer");
    const image = imageManifest({ config, layers: [layer] });

    test("a repository is made once and listed in byte order", async () => {
      const first = await write((queries) => ensureRepository(queries, app, 1));
      const second = await write((queries) => ensureRepository(queries, app, 2));
      expect(second).toBe(first);
      for (const more of ["b", "a-b", "a/b", "a"]) await write((q) => ensureRepository(q, more as RepositoryName, 1));
      const page = await listAllRepositories(db.reads, { after: "", limit: 10 });
      expect(page).toEqual(["a", "a-b", "a/b", "b", "team/app"] as RepositoryName[]);
      expect(await listAllRepositories(db.reads, { after: "a-b", limit: 2 })).toEqual(["a/b", "b"] as RepositoryName[]);
      expect(await listAllRepositories(db.reads, { after: "aa", limit: 1 })).toEqual(["b" as RepositoryName]);
    });

    test("a blob exists only in the repositories it is linked to", async () => {
      await pushBlob(app, layer);
      expect(await db.hot.findBlobInRepository(app, layer.digest)).toEqual({
        digest: layer.digest,
        sizeBytes: 5,
        storageKey: `key/${layer.digest}`,
        lostReason: null,
      });
      expect(await db.hot.findBlobInRepository(other, layer.digest)).toBeUndefined();
      await pushBlob(other, layer);
      expect(await listRepositoriesOfBlob(db.reads, layer.digest, 10)).toEqual([other, app]);
    });

    describe("the loss of a blob", () => {
      const storageKey = `key/${layer.digest}`;
      const record = (reason: LossReason, key = storageKey) =>
        write((queries) => recordBlobLoss(queries, { digest: layer.digest, storageKey: key, reason, nowMs: 5 }));
      const clear = (reason: LossReason) => write((queries) => clearBlobLoss(queries, layer.digest, reason));
      const reasonOnRecord = async () => (await db.hot.findBlobInRepository(app, layer.digest))?.lostReason;
      beforeEach(() => pushBlob(app, layer));

      test("is on record until the reason is cleared", async () => {
        expect(await countLostBlobs(db.reads)).toBe(0);
        expect(await record("missing")).toBe(true);
        expect([await reasonOnRecord(), await countLostBlobs(db.reads)]).toEqual(["missing", 1]);
        await clear("wrong-digest");
        expect(await reasonOnRecord()).toBe("missing");
        await clear("missing");
        expect([await reasonOnRecord(), await countLostBlobs(db.reads)]).toEqual([null, 0]);
      });

      test("by wrong bytes stays so when they are gone as well", async () => {
        await record("missing");
        await record("wrong-digest");
        expect(await record("missing")).toBe(true);
        expect(await reasonOnRecord()).toBe("wrong-digest");
      });

      test("is not recorded of a blob that is unknown, or stored elsewhere meanwhile", async () => {
        expect(await record("missing", "elsewhere")).toBe(false);
        expect(await reasonOnRecord()).toBeNull();
      });

      test("is over when verified bytes were put, whatever size was on record", async () => {
        const blob = { digest: layer.digest, sizeBytes: 7, storageKey, createdAtMs: 9 };
        await record("wrong-size");
        await write((queries) => putBlob(queries, blob));
        expect(await reasonOnRecord()).toBe("wrong-size");
        await write((queries) => putBlob(queries, { ...blob, isVerified: true }));
        expect(await db.hot.findBlobInRepository(app, layer.digest)).toMatchObject({ sizeBytes: 7, lostReason: null });
      });
    });

    test("a blob that is recorded again is where it was put last", async () => {
      await pushBlob(app, layer);
      const blob = { digest: layer.digest, sizeBytes: 99, storageKey: "elsewhere", createdAtMs: 9 };
      await write((queries) => putBlob(queries, blob));
      expect(await db.hot.findBlobInRepository(app, layer.digest)).toEqual({
        digest: layer.digest,
        sizeBytes: 5,
        storageKey: "elsewhere",
        lostReason: null,
      });
    });

    test("unlinking takes a blob from one repository and says whether it was there", async () => {
      await pushBlob(app, layer);
      await pushBlob(other, layer);
      const id = await findRepositoryId(db.reads, app);
      expect(await write((queries) => unlinkBlob(queries, id ?? -1, layer.digest))).toBe(true);
      expect(await write((queries) => unlinkBlob(queries, id ?? -1, layer.digest))).toBe(false);
      expect(await db.hot.findBlobInRepository(app, layer.digest)).toBeUndefined();
      expect(await db.hot.findBlobInRepository(other, layer.digest)).toBeDefined();
    });

    test("what is missing is named in the order asked, however many are asked for", async () => {
      await pushBlob(app, layer);
      await pushManifest(app, image);
      const id = (await findRepositoryId(db.reads, app)) ?? -1;
      const unknown = Array.from({ length: 1200 }, (_, index) => contentOf(`unknown ${index}`).digest);
      expect(await findMissingBlobs(db.reads, id, [...unknown, layer.digest])).toEqual(unknown);
      expect(await findMissingManifests(db.reads, id, [image.digest, ...unknown])).toEqual(unknown);
      expect(await findMissingBlobs(db.reads, id, [])).toEqual([]);
    });

    test("a manifest is found by digest and by tag, byte for byte", async () => {
      await pushManifest(app, image, latest);
      const byTag = await db.hot.findManifestByTag(app, latest);
      expect(byTag?.digest).toBe(image.digest);
      expect(byTag?.mediaType).toBe(OCI_IMAGE_MANIFEST);
      expect(Buffer.from(byTag?.body ?? []).equals(image.bytes)).toBe(true);
      const byDigest = await db.hot.findManifestByDigest(app, image.digest);
      expect(Buffer.from(byDigest?.body ?? []).equals(image.bytes)).toBe(true);
      const head = { digest: image.digest, mediaType: OCI_IMAGE_MANIFEST, sizeBytes: image.bytes.byteLength } as const;
      expect(await db.hot.findManifestHeadByTag(app, latest)).toEqual(head);
      expect(await db.hot.findManifestHeadByDigest(app, image.digest)).toEqual(head);
      expect(await db.hot.findManifestByTag(other, latest)).toBeUndefined();
      expect(await db.hot.findManifestByDigest(other, image.digest)).toBeUndefined();
    });

    test("a tag moves, and is removed alone", async () => {
      const newer = imageManifest({ config, layers: [] });
      await pushManifest(app, image, latest);
      await pushManifest(app, newer, latest);
      expect((await db.hot.findManifestByTag(app, latest))?.digest).toBe(newer.digest);
      const id = (await findRepositoryId(db.reads, app)) ?? -1;
      expect(await write((queries) => removeTag(queries, id, latest))).toBe(true);
      expect(await write((queries) => removeTag(queries, id, latest))).toBe(false);
      expect(await db.hot.findManifestByDigest(app, newer.digest)).toBeDefined();
    });

    test("removing a manifest removes its tags and nothing else", async () => {
      const newer = imageManifest({ config, layers: [] });
      await pushManifest(app, image, latest, "1" as Tag);
      await pushManifest(app, newer, "2" as Tag);
      const id = (await findRepositoryId(db.reads, app)) ?? -1;
      expect(await write((queries) => removeManifest(queries, id, image.digest))).toBe(true);
      expect(await write((queries) => removeManifest(queries, id, image.digest))).toBe(false);
      expect(await listTags(db.reads, app, { after: "", limit: 10 })).toEqual(["2" as Tag]);
    });

    test("tags are listed in byte order, page by page", async () => {
      await pushManifest(app, image, ...(["b", "B", "a", "_", "10", "9"] as Tag[]));
      expect(await listTags(db.reads, app, { after: "", limit: 10 })).toEqual(["10", "9", "B", "_", "a", "b"] as Tag[]);
      expect(await listTags(db.reads, app, { after: "A", limit: 2 })).toEqual(["B", "_"] as Tag[]);
    });

    test("referrers are found by subject, before the subject is there, and filtered by type", async () => {
      const signature = imageManifest({
        config,
        layers: [],
        more: { artifactType: "sig", subject: descriptorOf(image, OCI_IMAGE_MANIFEST), annotations: { who: "é" } },
      });
      const sbom = imageManifest({
        config,
        layers: [],
        more: { artifactType: "sbom", subject: descriptorOf(image, OCI_IMAGE_MANIFEST) },
      });
      await pushManifest(app, signature);
      await pushManifest(app, sbom);
      const query = { repository: app, subject: image.digest, after: "", limit: 10 };
      const all = await listReferrers(db.reads, query);
      expect(all.map((row) => row.digest)).toEqual([signature.digest, sbom.digest].sort());
      const [only] = await listReferrers(db.reads, { ...query, artifactType: "sig" });
      expect(only?.digest).toBe(signature.digest);
      expect(JSON.parse(only?.annotations ?? "null")).toEqual({ who: "é" });
      const rest = await listReferrers(db.reads, { ...query, after: all[0]?.digest as Digest });
      expect(rest.map((row) => row.digest)).toEqual([all[1]?.digest as Digest]);
      expect(await listReferrers(db.reads, { ...query, repository: other })).toEqual([]);
    });

    test("a transaction that fails leaves nothing behind", async () => {
      const failing = write(async (queries) => {
        await ensureRepository(queries, app, 1);
        throw new Error("no");
      });
      expect(await failing.catch((error: unknown) => error)).toEqual(new Error("no"));
      expect(await findRepositoryId(db.reads, app)).toBeUndefined();
    });

    test("transactions do not see one another's half", async () => {
      const increments = Array.from({ length: 20 }, (_, index) =>
        write(async (queries) => {
          const found = await listAllRepositories(queries, { after: "", limit: 100 });
          await ensureRepository(queries, `r${String(found.length).padStart(3, "0")}` as RepositoryName, index);
        }),
      );
      await Promise.all(increments);
      expect((await listAllRepositories(db.reads, { after: "", limit: 100 })).length).toBe(20);
    });

    test("an upload session is kept, moved on and removed", async () => {
      const upload = {
        id: "u1",
        repository: app,
        algorithm: "sha256",
        state: '{"offsetBytes":0}',
        startedAtMs: 5,
        updatedAtMs: 5,
        startedBy: null,
      } as const;
      await write((queries) => insertUpload(queries, upload));
      expect(await findUpload(db.reads, "u1")).toEqual(upload);
      expect(await write((queries) => updateUpload(queries, "u1", '{"offsetBytes":7}', 9))).toBe(true);
      expect(await findUpload(db.reads, "u1")).toEqual({ ...upload, state: '{"offsetBytes":7}', updatedAtMs: 9 });
      expect((await listStaleUploads(db.reads, 9, 10)).length).toBe(0);
      expect((await listStaleUploads(db.reads, 10, 10)).map((stale) => stale.id)).toEqual(["u1"]);
      expect(await write((queries) => removeUpload(queries, "u1"))).toBe(true);
      expect(await write((queries) => updateUpload(queries, "u1", "{}", 9))).toBe(false);
      expect(await findUpload(db.reads, "u1")).toBeUndefined();
    });

    test("says that it is well", async () => {
      expect(await db.check()).toBeUndefined();
    });
  });
}
