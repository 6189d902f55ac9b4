import { beforeAll, describe, expect, test } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import type { Answer } from "../support/http-client.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushImage, pushManifest } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const repository = newRepository();
const annotations = { "org.example.key": "value" };

let subject: Content;
let config: Content;
let sbom: Content;
let signature: Content;
let plainIndex: Content;
let typedIndex: Content;

async function push(content: Content, mediaType = OCI_IMAGE_MANIFEST, name = repository): Promise<Answer> {
  return pushManifest(registry(), { repository: name, reference: content.digest, content, mediaType });
}

beforeAll(async () => {
  subject = (await pushImage(registry(), repository, "latest")).manifest;
  config = await pushBlob(registry(), repository, contentOf("{}"));
  const points = { subject: descriptorOf(subject, OCI_IMAGE_MANIFEST) };
  sbom = imageManifest({ config, layers: [], more: { ...points, annotations, artifactType: "application/sbom" } });
  signature = imageManifest({ config, layers: [], more: points });
  plainIndex = imageIndex([], points);
  typedIndex = imageIndex([], { ...points, artifactType: "application/bundle" });
  for (const content of [sbom, signature]) await push(content);
  for (const content of [plainIndex, typedIndex]) await push(content, OCI_IMAGE_INDEX);
});

type Entry = Readonly<Record<string, unknown>>;

async function referrers(digest: string, query = "", name = repository): Promise<readonly Entry[]> {
  const answer = await registry().get(`/v2/${name}/referrers/${digest}${query}`);
  expect(answer.status).toBe(200);
  return (answer.json() as { manifests: Entry[] }).manifests;
}

async function entryOf(content: Content): Promise<Entry | undefined> {
  return (await referrers(subject.digest)).find(({ digest }) => digest === content.digest);
}

describe("pushing manifests with subject", () => {
  test("end-7: A registry that supports the referrers API MUST respond with the header OCI-Subject", async () => {
    expect((await push(sbom)).headers.get("oci-subject")).toBe(subject.digest);
    expect((await push(plainIndex, OCI_IMAGE_INDEX)).headers.get("oci-subject")).toBe(subject.digest);
  });

  test("end-7: Without a subject there is no OCI-Subject", async () => {
    expect((await push(subject)).headers.get("oci-subject")).toBeNull();
  });
});

describe("listing referrers", () => {
  test("end-12a: This request MUST return a 200 OK response code, with the media type of an image index", async () => {
    const answer = await registry().get(`/v2/${repository}/referrers/${subject.digest}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(OCI_IMAGE_INDEX);
    expect(answer.json()).toMatchObject({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX });
  });

  test("end-12a: Each descriptor is of an image manifest or index with a subject field that specifies the digest", async () => {
    const digests = (await referrers(subject.digest)).map(({ digest }) => digest);
    expect(new Set(digests)).toEqual(new Set([sbom, signature, plainIndex, typedIndex].map(({ digest }) => digest)));
    expect(digests).toHaveLength(4);
  });

  test("end-12a: The descriptors MUST include an artifactType field that is set to that of the manifest, and its annotations", async () => {
    expect(await entryOf(sbom)).toEqual({
      mediaType: OCI_IMAGE_MANIFEST,
      digest: sbom.digest,
      size: sbom.bytes.byteLength,
      artifactType: "application/sbom",
      annotations,
    });
    expect(await entryOf(typedIndex)).toMatchObject({
      mediaType: OCI_IMAGE_INDEX,
      artifactType: "application/bundle",
    });
  });

  test("end-12a: If the artifactType is missing in the image manifest, it MUST be set to the config descriptor mediaType", async () => {
    expect(await entryOf(signature)).toMatchObject({ artifactType: "application/vnd.oci.image.config.v1+json" });
  });

  test("end-12a: If the artifactType is empty or missing in an index, the artifactType MUST be omitted", async () => {
    const entry = await entryOf(plainIndex);
    expect(entry).toBeDefined();
    expect(entry).not.toHaveProperty("artifactType");
  });

  test("end-12a: If a query results in no matching referrers, an empty manifest list MUST be returned", async () => {
    expect(await referrers(sbom.digest)).toEqual([]);
  });

  test("end-12a: The registry MUST NOT return a 404 Not Found to a referrers API request", async () => {
    expect(await referrers(contentOf("absent").digest)).toEqual([]);
    expect(await referrers(subject.digest, "", newRepository())).toEqual([]);
  });

  test("end-12a: If the digest has an invalid syntax, a 400 Bad Request MUST be returned", async () => {
    expect((await registry().get(`/v2/${repository}/referrers/sha256:nothex`)).status).toBe(400);
    expect((await registry().get(`/v2/${repository}/referrers/latest`)).status).toBe(400);
  });

  test("end-12a: Referrers of other repositories do not count", async () => {
    const other = newRepository();
    await pushBlob(registry(), other, contentOf("{}"));
    await push(sbom, OCI_IMAGE_MANIFEST, other);
    expect((await referrers(subject.digest, "", other)).map(({ digest }) => digest)).toEqual([sbom.digest]);
    expect(await referrers(subject.digest)).toHaveLength(4);
  });
});

describe("filtering referrers", () => {
  test("end-12b: If filtering is requested and applied, the response MUST include a header OCI-Filters-Applied: artifactType", async () => {
    const path = `/v2/${repository}/referrers/${subject.digest}`;
    const filtered = await registry().get(`${path}?artifactType=application/sbom`);
    expect(filtered.headers.get("oci-filters-applied")).toBe("artifactType");
    expect((await registry().get(path)).headers.get("oci-filters-applied")).toBeNull();
  });

  test("end-12b: Only referrers of the artifact type are listed", async () => {
    const query = (type: string) => `?artifactType=${encodeURIComponent(type)}`;
    const digestsOf = async (type: string) =>
      (await referrers(subject.digest, query(type))).map(({ digest }) => digest);
    expect(await digestsOf("application/sbom")).toEqual([sbom.digest]);
    expect(await digestsOf("application/vnd.oci.image.config.v1+json")).toEqual([signature.digest]);
    expect(await digestsOf("application/absent")).toEqual([]);
  });
});

describe("referrers over time", () => {
  test("end-12a: A referrer that was pushed before its subject is listed", async () => {
    const name = newRepository();
    await pushBlob(registry(), name, contentOf("{}"));
    const later = imageManifest({ config, layers: [], more: { annotations: { name } } });
    const early = imageManifest({ config, layers: [], more: { subject: descriptorOf(later, OCI_IMAGE_MANIFEST) } });
    await push(early, OCI_IMAGE_MANIFEST, name);
    expect((await referrers(later.digest, "", name)).map(({ digest }) => digest)).toEqual([early.digest]);
    await push(later, OCI_IMAGE_MANIFEST, name);
    expect((await referrers(later.digest, "", name)).map(({ digest }) => digest)).toEqual([early.digest]);
  });

  test("end-12a: A deleted referrer is not listed any more, and one whose subject was deleted is", async () => {
    const name = newRepository();
    const image = await pushImage(registry(), name, "latest");
    const points = { subject: descriptorOf(image.manifest, OCI_IMAGE_MANIFEST) };
    const [one, two] = [
      await pushImage(registry(), name, undefined, points),
      await pushImage(registry(), name, undefined, points),
    ];
    await registry().delete(`/v2/${name}/manifests/${one.manifest.digest}`);
    await registry().delete(`/v2/${name}/manifests/${image.manifest.digest}`);
    const left = await referrers(image.manifest.digest, "", name);
    expect(left.map(({ digest }) => digest)).toEqual([two.manifest.digest]);
  });

  test("end-12a: Registries MUST include preexisting image manifests that are listed in an index tagged with the referrers tag schema, and have a valid subject field", async () => {
    const name = newRepository();
    const image = await pushImage(registry(), name, "latest");
    const points = { subject: descriptorOf(image.manifest, OCI_IMAGE_MANIFEST), artifactType: "application/old" };
    const artifact = await pushImage(registry(), name, undefined, points);
    const other = await pushImage(registry(), name);
    const manifests = [artifact, other].map(({ manifest }) => descriptorOf(manifest, OCI_IMAGE_MANIFEST));
    const content = contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }));
    const reference = image.manifest.digest.replace(":", "-");
    await pushManifest(registry(), { repository: name, reference, content, mediaType: OCI_IMAGE_INDEX });
    const listed = await referrers(image.manifest.digest, "", name);
    expect(listed.map(({ digest }) => digest)).toEqual([artifact.manifest.digest]);
    expect(await referrers(image.manifest.digest, "?artifactType=application/other", name)).toEqual([]);
  });
});

describe("many referrers", () => {
  /** The digests of all pages, one answer after the other. */
  async function followPages(digest: string, query: string, name = repository): Promise<readonly string[]> {
    const seen: string[] = [];
    let next: string | undefined = query;
    for (let pages = 0; next !== undefined && pages < 20; pages++) {
      const answer: Answer = await registry().get(`/v2/${name}/referrers/${digest}${next}`);
      expect(answer.bytes.byteLength).toBeLessThanOrEqual(4 * 1024 * 1024);
      seen.push(...(answer.json() as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest));
      const target: string | undefined = /^<([^>]+)>; rel="?next"?$/.exec(answer.headers.get("link") ?? "")?.[1];
      next = target === undefined ? undefined : new URL(target, registry().url).search;
    }
    return seen;
  }

  test("end-12a: A Link header MUST be included when the descriptor list cannot be returned in a single manifest", async () => {
    const seen = await followPages(subject.digest, "?n=1");
    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
  });

  test("end-12a: As clients read at most 4 MiB of an index, a longer list comes in pages", async () => {
    const name = newRepository();
    await pushBlob(registry(), name, config);
    const pushed: string[] = [];
    for (const letter of ["a", "b", "c"]) {
      const points = { subject: descriptorOf(subject, OCI_IMAGE_MANIFEST) };
      const more = { ...points, annotations: { text: letter.repeat(1.9 * 1024 * 1024) } };
      const referrer = imageManifest({ config, layers: [], more });
      expect((await push(referrer, OCI_IMAGE_MANIFEST, name)).status).toBe(201);
      pushed.push(referrer.digest);
    }
    expect(await followPages(subject.digest, "", name)).toEqual(pushed.sort());
  });
});
