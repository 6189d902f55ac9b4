import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseReference,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../../../src/oci/index.ts";
import {
  deleteBlob,
  deleteManifest,
  getManifest,
  getManifestHead,
  listReferrers,
  listRepositories,
  listTags,
  putManifest,
  putWholeBlob,
  type Registry,
  type RegistryOptions,
} from "../../../src/registry/index.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../../support/oci-content.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { nobody } from "../../support/nobody.ts";
import { streamOf } from "../../support/stream-of.ts";

const app = "team/app" as RepositoryName;
const config = contentOf("{}");
const layer = contentOf("layer");
const image = imageManifest({ config, layers: [layer] });

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(() => open());
afterEach(() => memory.close());

async function open(options: Partial<RegistryOptions> = {}): Promise<void> {
  memory = await openMemoryRegistry(options);
  registry = memory.registry;
  for (const blob of [config, layer])
    await putWholeBlob(registry, { repository: app, digest: blob.digest, body: streamOf([blob.bytes]) });
}

async function reopen(options: Partial<RegistryOptions>): Promise<void> {
  await memory.close();
  await open(options);
}

interface PushOptions {
  readonly contentType?: string;
  readonly tags?: readonly string[];
}

function push(content: Content, reference: string, options: PushOptions = {}) {
  return putManifest(registry, {
    repository: app,
    reference: parseReference(reference),
    tags: (options.tags ?? []) as Tag[],
    contentType: options.contentType ?? OCI_IMAGE_MANIFEST,
    body: content.bytes,
    by: nobody,
  });
}

const remove = (reference: string, repository = app) =>
  deleteManifest(registry, { repository, reference: parseReference(reference), by: nobody });
const removeLayer = () => deleteBlob(registry, { repository: app, digest: layer.digest, by: nobody });

async function errorOf(work: Promise<unknown>): Promise<RegistryError> {
  const error = await work.then(
    () => new Error("no error"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RegistryError) return error;
  throw error;
}

describe("putting a manifest", () => {
  test("keeps its bytes and points the tag at it", async () => {
    expect(await push(image, "1")).toEqual({
      digest: image.digest,
      subject: undefined,
      tags: ["1" as Tag],
      warnings: [],
    });
    const found = await getManifest(registry, app, parseReference("1"));
    expect(Buffer.from(found.body).equals(image.bytes)).toBe(true);
    expect((await getManifestHead(registry, app, parseReference(image.digest))).mediaType).toBe(OCI_IMAGE_MANIFEST);
  });

  test("again changes nothing, and moves a tag", async () => {
    const newer = imageManifest({ config, layers: [] });
    await push(image, "1");
    await push(image, "1");
    await push(newer, "1");
    expect((await getManifest(registry, app, parseReference("1"))).digest).toBe(newer.digest);
    expect((await getManifest(registry, app, parseReference(image.digest))).digest).toBe(image.digest);
  });

  test("by digest sets the further tags", async () => {
    expect((await push(image, image.digest, { tags: ["a", "b"] })).tags).toEqual(["a", "b"] as Tag[]);
    expect((await listTags(registry, app, { after: "", limit: undefined })).names).toEqual(["a", "b"] as Tag[]);
  });

  test("under another digest is refused", async () => {
    expect((await errorOf(push(image, contentOf("else").digest))).kind).toBe("digest-mismatch");
  });

  test("that names missing content names all of it", async () => {
    const missing = [contentOf("one"), contentOf("two")];
    const error = await errorOf(push(imageManifest({ config, layers: [...missing, layer] }), "1"));
    expect(error.kind).toBe("manifest-blob-unknown");
    expect(error.details).toEqual(missing.map(({ digest }) => ({ digest })));
    expect((await errorOf(Promise.resolve(getManifest(registry, app, parseReference("1"))))).kind).toBe(
      "manifest-unknown",
    );
  });

  test("that names missing content is taken where validation is off", async () => {
    const validation = { enabled: false, allowedUrls: [], deniedUrls: [], requiredPlatforms: "all" } as const;
    await reopen({ validation });
    const sparse = imageManifest({ config, layers: [contentOf("missing")] });
    expect((await push(sparse, "1")).digest).toBe(sparse.digest);
  });

  test("answers its subject, which need not be there", async () => {
    const subject = contentOf("nowhere");
    const signature = imageManifest({
      config,
      layers: [],
      more: { subject: descriptorOf(subject, OCI_IMAGE_MANIFEST) },
    });
    expect((await push(signature, "sig")).subject).toBe(subject.digest);
  });

  test("in read-only mode is refused", async () => {
    await push(image, "1");
    const readOnly = { ...registry, options: { ...registry.options, readOnly: true } };
    const again = { repository: app, reference: parseReference("2"), tags: [], contentType: OCI_IMAGE_MANIFEST };
    const error = await errorOf(putManifest(readOnly, { ...again, body: image.bytes, by: nobody }));
    expect(error.kind).toBe("read-only");
  });
});

describe("an index", () => {
  const absent = imageManifest({ config, layers: [], more: { annotations: { absent: "1" } } });
  const asIndex = { contentType: OCI_IMAGE_INDEX };

  test("needs its children", async () => {
    await push(image, image.digest);
    expect((await push(imageIndex([image]), "1", asIndex)).tags).toEqual(["1" as Tag]);
    const error = await errorOf(push(imageIndex([image, absent]), "2", asIndex));
    expect(error.kind).toBe("manifest-blob-unknown");
    expect(error.details).toEqual([{ digest: absent.digest }]);
  });

  test("may be empty", async () => {
    expect((await push(imageIndex([]), "1", asIndex)).tags).toEqual(["1" as Tag]);
  });

  test("may be sparse where that is allowed", async () => {
    const validation = { enabled: true, allowedUrls: [], deniedUrls: [], requiredPlatforms: "none" } as const;
    await reopen({ validation });
    expect((await push(imageIndex([absent]), "1", asIndex)).tags).toEqual(["1" as Tag]);
  });

  test("needs only the platforms that are asked for", async () => {
    const requiredPlatforms = [{ os: "linux", architecture: "amd64" }];
    await reopen({ validation: { enabled: true, allowedUrls: [], deniedUrls: [], requiredPlatforms } });
    const child = (architecture: string) =>
      descriptorOf(absent, OCI_IMAGE_MANIFEST, { platform: { os: "linux", architecture } });
    const indexOf = (architecture: string) =>
      contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: [child(architecture)] }));
    expect((await push(indexOf("arm64"), "1", asIndex)).tags).toEqual(["1" as Tag]);
    expect((await errorOf(push(indexOf("amd64"), "2", asIndex))).kind).toBe("manifest-blob-unknown");
  });

  test("may name blobs, as build caches do", async () => {
    const cache = contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_INDEX,
        manifests: [descriptorOf(layer, "application/vnd.oci.image.layer.v1.tar")],
      }),
    );
    expect((await push(cache, "cache", asIndex)).tags).toEqual(["cache" as Tag]);
  });

  test("does not take a blob for a manifest", async () => {
    const wrong = contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_INDEX,
        manifests: [descriptorOf(layer, OCI_IMAGE_MANIFEST)],
      }),
    );
    expect((await errorOf(push(wrong, "1", asIndex))).kind).toBe("manifest-blob-unknown");
  });
});

describe("a non-distributable layer", () => {
  const url = "https://layers.example/one";
  const foreign = contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      config: descriptorOf(config, "application/vnd.oci.image.config.v1+json"),
      layers: [
        descriptorOf(contentOf("not here"), "application/vnd.oci.image.layer.nondistributable.v1.tar", { urls: [url] }),
      ],
    }),
  );

  test("is refused where no URL is allowed", async () => {
    expect((await errorOf(push(foreign, "1"))).kind).toBe("manifest-invalid");
  });

  test("need not be there where its URL is allowed, with a warning", async () => {
    await reopen({
      validation: { enabled: true, allowedUrls: [/^https:\/\/layers\./], deniedUrls: [], requiredPlatforms: "all" },
    });
    const { warnings } = await push(foreign, "1");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith("non-distributable");
  });

  test("is refused where its URL is denied", async () => {
    await reopen({
      validation: { enabled: true, allowedUrls: [/^https:/], deniedUrls: [/layers/], requiredPlatforms: "all" },
    });
    expect((await errorOf(push(foreign, "1"))).kind).toBe("manifest-invalid");
  });
});

describe("deleting", () => {
  test("a tag leaves the manifest", async () => {
    await push(image, "1", { tags: ["2"] });
    await remove("1");
    expect((await errorOf(Promise.resolve(getManifest(registry, app, parseReference("1"))))).kind).toBe(
      "manifest-unknown",
    );
    expect((await getManifest(registry, app, parseReference("2"))).digest).toBe(image.digest);
    expect((await errorOf(remove("1"))).kind).toBe("manifest-unknown");
  });

  test("a manifest takes its tags along, and the repository stays", async () => {
    await push(image, "1", { tags: ["2"] });
    await remove(image.digest);
    expect((await listTags(registry, app, { after: "", limit: undefined })).names).toEqual([]);
  });

  test("a blob takes it from this repository", async () => {
    await removeLayer();
    expect((await errorOf(removeLayer())).kind).toBe("blob-unknown");
    expect((await errorOf(push(image, "1"))).kind).toBe("manifest-blob-unknown");
  });

  test("is refused where it is switched off", async () => {
    await reopen({ deleteEnabled: false });
    expect((await errorOf(remove("1"))).kind).toBe("delete-disabled");
    expect((await errorOf(removeLayer())).kind).toBe("delete-disabled");
  });

  test("in an unknown repository says so", async () => {
    const nowhere = "nowhere" as RepositoryName;
    expect((await errorOf(remove("1", nowhere))).kind).toBe("name-unknown");
  });
});

describe("lists", () => {
  test("of tags say whether there are more", async () => {
    await push(image, "a", { tags: ["b", "c"] });
    const page = await listTags(registry, app, { after: "", limit: 2 });
    expect(page).toEqual({ names: ["a", "b"] as Tag[], hasMore: true });
    expect(await listTags(registry, app, { after: "b", limit: 2 })).toEqual({ names: ["c" as Tag], hasMore: false });
    expect(await listTags(registry, app, { after: "", limit: 0 })).toEqual({ names: [], hasMore: false });
    expect(await listTags(registry, app, { after: "", limit: 3 })).toEqual({
      names: ["a", "b", "c"] as Tag[],
      hasMore: false,
    });
  });

  test("of an unknown repository are an error", async () => {
    const nowhere = "nowhere" as RepositoryName;
    expect((await errorOf(listTags(registry, nowhere, { after: "", limit: 5 }))).kind).toBe("name-unknown");
  });

  test("of repositories fill their page with what the caller may see", async () => {
    const names = ["a", "b", "c", "d", "e"] as RepositoryName[];
    const { bytes: body } = imageIndex([]);
    const pushed = { reference: parseReference("v1"), tags: [], contentType: OCI_IMAGE_INDEX, body, by: nobody };
    for (const repository of names) await putManifest(registry, { ...pushed, repository });
    const mayPull = (name: RepositoryName) => name !== "b" && name !== "team/app";
    const page = await listRepositories(registry, { after: "", limit: 2 }, mayPull);
    expect(page).toEqual({ names: ["a", "c"] as RepositoryName[], hasMore: true });
    const rest = await listRepositories(registry, { after: "c", limit: 2 }, mayPull);
    expect(rest).toEqual({ names: ["d", "e"] as RepositoryName[], hasMore: false });
  });

  test("of repositories leave those out that have nothing to pull, until something is pushed", async () => {
    const named = async () => (await listRepositories(registry, { after: "", limit: 9 }, () => true)).names;
    const deletion = { repository: app, by: nobody };
    expect(await named()).toEqual([]);
    await push(image, "v1");
    expect(await named()).toEqual([app]);
    await deleteManifest(registry, { ...deletion, reference: parseReference("v1") });
    expect(await named()).toEqual([app]);
    await deleteManifest(registry, { ...deletion, reference: parseReference(image.digest) });
    expect(await named()).toEqual([]);
    expect(await listTags(registry, app, { after: "", limit: 9 })).toEqual({ names: [], hasMore: false });
    await push(image, "v1");
    expect(await named()).toEqual([app]);
  });
});

describe("referrers", () => {
  const query = { repository: app, subject: image.digest, after: "", limit: 10 };
  const signatureOf = (type: string) =>
    imageManifest({
      config,
      layers: [],
      more: { artifactType: type, subject: descriptorOf(image, OCI_IMAGE_MANIFEST) },
    });

  async function pushSignature(type: string): Promise<Content> {
    const signature = signatureOf(type);
    await push(signature, signature.digest);
    return signature;
  }

  test("are listed with what the specification wants", async () => {
    const signature = signatureOf("application/sig");
    await push(signature, signature.digest);
    const { descriptors } = await listReferrers(registry, query);
    expect(descriptors).toEqual([
      {
        mediaType: OCI_IMAGE_MANIFEST,
        digest: signature.digest,
        size: signature.bytes.byteLength,
        artifactType: "application/sig",
      },
    ]);
  });

  test("are those that name the subject themselves, whatever an index under the fallback tag says", async () => {
    const direct = signatureOf("application/direct");
    const other = imageManifest({ config, layers: [] });
    await push(direct, direct.digest);
    await push(other, other.digest);
    const manifests = [direct, other].map((entry) =>
      descriptorOf(entry, OCI_IMAGE_MANIFEST, { artifactType: "forged" }),
    );
    const fallback = contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }));
    await push(fallback, image.digest.replace(":", "-"), { contentType: OCI_IMAGE_INDEX });
    const { descriptors } = await listReferrers(registry, query);
    expect(descriptors.map(({ digest, artifactType }) => [digest, artifactType])).toEqual([
      [direct.digest, "application/direct"],
    ]);
  });

  test("with long annotations come in pages that clients can read, each with one of them at least", async () => {
    const mebibyte = 1024 * 1024;
    const lengths = [1.5, 1.5, 1.5, 1.5, 3.99].map((mebibytes) => mebibytes * mebibyte);
    for (const [position, length] of lengths.entries()) {
      const annotations = { position: String(position), text: "x".repeat(length) };
      const more = { annotations, subject: descriptorOf(image, OCI_IMAGE_MANIFEST) };
      const referrer = imageManifest({ config, layers: [], more });
      await push(referrer, referrer.digest);
    }
    const seen: string[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await listReferrers(registry, { ...query, after: seen.at(-1) ?? "" });
      expect(JSON.stringify(page.descriptors).length).toBeLessThan(4 * mebibyte);
      expect(page.descriptors.length).toBeGreaterThan(0);
      seen.push(...page.descriptors.map(({ digest }) => digest));
      hasMore = page.hasMore;
    }
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  test("that are many are read to the end", async () => {
    const digests: string[] = [];
    for (let count = 0; count < 40; count++) {
      const { digest } = await pushSignature(`application/${count}`);
      digests.push(digest);
    }
    const list = await listReferrers(registry, { ...query, limit: 40 });
    expect(list.descriptors.map(({ digest }) => digest as string)).toEqual(digests.sort());
    expect(list.hasMore).toBe(false);
  });

  test("come page by page", async () => {
    const signatures = ["a", "b", "c"].map((type) => signatureOf(`application/${type}`));
    for (const signature of signatures) await push(signature, signature.digest);
    const first = await listReferrers(registry, { ...query, limit: 2 });
    expect([first.descriptors.length, first.hasMore]).toEqual([2, true]);
    const second = await listReferrers(registry, { ...query, after: first.descriptors[1]?.digest ?? "", limit: 2 });
    expect([second.descriptors.length, second.hasMore]).toEqual([1, false]);
    const all = [...first.descriptors, ...second.descriptors].map(({ digest }) => digest);
    expect(all).toEqual(signatures.map(({ digest }) => digest).sort());
  });
});
