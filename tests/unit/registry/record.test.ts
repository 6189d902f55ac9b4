import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ActOrigin, findUpload, listActs, verifyChain } from "../../../src/metadata/index.ts";
import {
  OCI_IMAGE_MANIFEST,
  parseReference,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../../../src/oci/index.ts";
import {
  deleteBlob,
  deleteManifest,
  putManifest,
  putWholeBlob,
  type RegistryOptions,
  startUpload,
} from "../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { type Content, contentOf, descriptorOf, imageManifest } from "../../support/oci-content.ts";
import { streamOf } from "../../support/stream-of.ts";

const app = "team/app" as RepositoryName;
const alice: ActOrigin = { actor: "alice", address: "10.0.0.1", requestId: "request" };
const config = contentOf("{}");
const layer = contentOf("layer");
const first = imageManifest({ config, layers: [layer] });
const second = imageManifest({ config, layers: [] });

let memory: MemoryRegistry;
beforeEach(() => open({ isAudited: true }));
afterEach(() => memory.close());

async function open(options: Partial<RegistryOptions>): Promise<void> {
  memory = await openMemoryRegistry(options);
  for (const { bytes, digest } of [config, layer])
    await putWholeBlob(memory.registry, { repository: app, digest, body: streamOf([bytes]) });
}

const push = ({ bytes }: Content, reference: string, ...tags: readonly string[]) =>
  putManifest(memory.registry, {
    repository: app,
    reference: parseReference(reference),
    tags: tags as Tag[],
    contentType: OCI_IMAGE_MANIFEST,
    body: bytes,
    by: alice,
  });
const remove = (reference: string) =>
  deleteManifest(memory.registry, { repository: app, reference: parseReference(reference), by: alice });

/** What is in the trail, the oldest first, each as its name and what it says. */
async function acts(): Promise<readonly (readonly [string, unknown])[]> {
  const { reads } = memory.registry.metadata;
  const records = await listActs(reads, { afterSequence: 0, limit: 1000 });
  expect((await verifyChain(reads)).broken).toBeUndefined();
  for (const { actor, address, requestId, target, atMs } of records)
    expect({ actor, address, requestId, target, atMs }).toEqual({
      ...alice,
      target: app,
      atMs: memory.clock.atMs,
    } as never);
  return records.map(({ act, detail }) => [act, JSON.parse(detail ?? "null") as unknown]);
}

const pushed = ({ digest, bytes }: Content, tags: readonly string[], more: object = {}) =>
  ["manifest.push", { digest, mediaType: OCI_IMAGE_MANIFEST, sizeBytes: bytes.byteLength, tags, ...more }] as const;

describe("a push is in the audit trail", () => {
  test("with each tag that it made, once", async () => {
    expect((await push(first, "1", "2", "1")).tags).toEqual(["1", "2"] as Tag[]);
    expect(await acts()).toEqual([
      pushed(first, ["1", "2"]),
      ["tag.create", { tag: "1", digest: first.digest }],
      ["tag.create", { tag: "2", digest: first.digest }],
    ]);
  });

  test("with what it moved a tag from", async () => {
    await push(first, "1");
    await push(second, "1");
    expect((await acts()).slice(2)).toEqual([
      pushed(second, ["1"]),
      ["tag.move", { tag: "1", digest: second.digest, from: first.digest }],
    ]);
  });

  test("as the move alone, where it did nothing else", async () => {
    await push(first, "1");
    await push(second, second.digest);
    await push(second, "1");
    expect((await acts()).slice(2)).toEqual([
      pushed(second, []),
      ["tag.move", { tag: "1", digest: second.digest, from: first.digest }],
    ]);
  });

  test("also if all was there already", async () => {
    await push(first, "1");
    await push(first, "1");
    await push(first, first.digest);
    expect((await acts()).slice(2)).toEqual([pushed(first, ["1"]), pushed(first, [])]);
  });

  test("with its subject", async () => {
    const subject = descriptorOf(first, OCI_IMAGE_MANIFEST);
    const signature = imageManifest({ config, layers: [], more: { subject } });
    await push(signature, signature.digest);
    expect(await acts()).toEqual([pushed(signature, [], { subject: first.digest })]);
  });

  test("not if it was refused", async () => {
    const broken = push(imageManifest({ config, layers: [contentOf("missing")] }), "1");
    expect(await broken.catch((error: unknown) => error)).toBeInstanceOf(RegistryError);
    expect(await acts()).toEqual([]);
  });
});

describe("a delete is in the audit trail", () => {
  test("of a tag, with what it pointed at", async () => {
    await push(first, "1");
    await remove("1");
    expect((await acts()).slice(2)).toEqual([["tag.delete", { tag: "1", digest: first.digest }]]);
  });

  test("of a manifest, with the tags that went", async () => {
    await push(first, "b", "a");
    await remove(first.digest);
    expect((await acts()).slice(3)).toEqual([["manifest.delete", { digest: first.digest, tags: ["a", "b"] }]]);
  });

  test("of a manifest with many tags, with some of them", async () => {
    const tags = Array.from({ length: 120 }, (_, number) => `t${1000 + number}`);
    await push(first, ...(tags as [string, ...string[]]));
    await remove(first.digest);
    const expected = { digest: first.digest, tags: tags.slice(0, 100), hasMoreTags: true };
    expect((await acts()).at(-1)).toEqual(["manifest.delete", expected]);
  });

  test("of a blob", async () => {
    await deleteBlob(memory.registry, { repository: app, digest: layer.digest, by: alice });
    expect(await acts()).toEqual([["blob.delete", { digest: layer.digest }]]);
  });

  test("not of what is not there", async () => {
    await push(first, first.digest);
    for (const gone of ["1", second.digest])
      expect(await remove(gone).catch((error: unknown) => error)).toBeInstanceOf(RegistryError);
    expect(await acts()).toHaveLength(1);
  });
});

test("where no trail is kept, nothing is in it", async () => {
  await memory.close();
  await open({ isAudited: false });
  await push(first, "1");
  await remove(first.digest);
  expect(await acts()).toEqual([]);
});

test("an upload says who started it", async () => {
  const { registry } = memory;
  const [hers, anybodys] = [await startUpload(registry, app, { startedBy: "alice" }), await startUpload(registry, app)];
  const startedBy = async ({ id }: { readonly id: string }) =>
    (await findUpload(registry.metadata.reads, id))?.startedBy;
  expect([await startedBy(hers), await startedBy(anybodys)]).toEqual(["alice", null]);
});
