import { afterEach, beforeEach, expect, test } from "bun:test";
import { parseReference } from "../../../../src/oci/index.ts";
import { deleteManifest, explainContent } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import type { Content } from "../../../support/oci-content.ts";
import { app, collect, pushImage } from "./collected-registry.ts";

const DAY_MS = 86_400_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + DAY_MS;
});
afterEach(() => memory.close());

const clean = () => collect(memory.registry, { untagged: "remove" });
const deleteAsAnna = (reference: string) => {
  const deletion = { repository: app, reference: parseReference(reference), by: { ...nobody, actor: "anna" } };
  return deleteManifest(memory.registry, deletion);
};
const removalsOf = async ({ digest }: Content) => {
  const options = { untagged: "remove", nowMs: memory.clock.atMs } as const;
  return (await explainContent(memory.registry.metadata.reads, digest, options)).removals;
};

test("what has lost its last tag to a push tells which, when, and what it points at since", async () => {
  const image = await pushImage(memory.registry, "old", { reference: "1.0" });
  await pushImage(memory.registry, "old", { reference: "latest" });
  const next = await pushImage(memory.registry, "new", { reference: "1.0" });
  memory.clock.atMs += 1000;
  const atMs = memory.clock.atMs;
  await pushImage(memory.registry, "new", { reference: "latest" });
  memory.clock.atMs += 1000;
  await clean();
  const lastTag = { tag: "latest", digest: next.digest, atMs, cause: "push", actor: null };
  expect(await removalsOf(image)).toMatchObject([{ kind: "manifest", repository: app, lastTag }]);
});

test("what has lost its last tag to a delete tells whose", async () => {
  const image = await pushImage(memory.registry, "one", { reference: "1.0" });
  const atMs = memory.clock.atMs;
  await deleteAsAnna("1.0");
  memory.clock.atMs += 30 * DAY_MS;
  await clean();
  const lastTag = { tag: "1.0", digest: null, atMs, cause: "delete", actor: "anna" };
  expect((await removalsOf(image)).map((removal) => removal.lastTag)).toMatchObject([lastTag]);
});

test("what never had a tag, and a blob, tell of none", async () => {
  const image = await pushImage(memory.registry, "one");
  await clean();
  expect((await removalsOf(image)).map(({ lastTag }) => lastTag)).toEqual([undefined]);
  expect((await removalsOf(image.layer)).map(({ lastTag }) => lastTag)).toEqual([undefined, undefined]);
});

test("a signature that went with its image, and its tag with it, tells of none", async () => {
  const image = await pushImage(memory.registry, "one", { reference: "1.0" });
  const reference = `${image.digest.replace(":", "-")}.sig`;
  const signature = await pushImage(memory.registry, "signature", { reference });
  await deleteAsAnna(image.digest);
  memory.clock.atMs += 30 * DAY_MS;
  await clean();
  expect((await removalsOf(signature)).map(({ lastTag }) => lastTag)).toEqual([undefined]);
});
