import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { takeCandidates } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import {
  deleteBlob,
  explainContent,
  forgetCluster,
  getManifest,
  type RegistryChange,
  reportCluster,
} from "../../../../src/registry/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import type { Content } from "../../../support/oci-content.ts";
import { app, collect, pushImage, pushIndex, remove } from "./collected-registry.ts";

const DAY_MS = 86_400_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + 1000;
});
afterEach(() => memory.close());

function change<T>(make: (inside: RegistryChange) => Promise<T>): Promise<T> {
  const record = () => Promise.resolve();
  const { metadata, clock } = memory.registry;
  return metadata.transaction((queries) => make({ queries, nowMs: clock.nowMs(), by: nobody, record }));
}

const report = (images: readonly Pick<Content, "digest">[], cluster = "eu-1", repository = app) =>
  change((inside) =>
    reportCluster(inside, {
      cluster,
      images: images.map(({ digest }) => ({ repository, digest })),
      keepMs: 7 * DAY_MS,
      isForAny: true,
    }),
  );
const clean = () => collect(memory.registry, { untagged: "remove" });
const isThere = ({ digest }: Content) =>
  Promise.try(() => getManifest(memory.registry, app, { kind: "digest", digest })).then(
    () => true,
    () => false,
  );
const explain = ({ digest }: Content) =>
  explainContent(memory.registry.metadata.reads, digest, { untagged: "remove", nowMs: memory.clock.atMs });

describe("clean-up", () => {
  test("keeps what runs, and tells where and since when", async () => {
    const [running, other] = [await pushImage(memory.registry, "one"), await pushImage(memory.registry, "two")];
    const sinceMs = memory.clock.atMs;
    await report([running]);
    memory.clock.atMs += DAY_MS;
    await report([running]);
    expect(await clean()).toMatchObject({ manifests: 1 });
    expect([await isThere(running), await isThere(other)]).toEqual([true, false]);
    const untilMs = memory.clock.atMs + 7 * DAY_MS;
    const { manifests, inUse } = await explain(running);
    expect(manifests[0]?.keeper).toEqual({ kind: "in-use", cluster: "eu-1", sinceMs, untilMs });
    expect(inUse).toMatchObject([{ cluster: "eu-1", repository: app, sinceMs }]);
  });

  test("removes it once the cluster says it no more", async () => {
    const running = await pushImage(memory.registry, "one");
    await report([running]);
    await clean();
    await report([]);
    memory.clock.atMs += 1000;
    expect(await clean()).toMatchObject({ manifests: 1 });
  });

  test("removes it once the cluster is forgotten, but not what another one runs", async () => {
    const running = await pushImage(memory.registry, "one");
    for (const cluster of ["eu-1", "us-1"]) await report([running], cluster);
    await clean();
    await change((inside) => forgetCluster(inside, "eu-1"));
    memory.clock.atMs += 1000;
    await clean();
    expect((await explain(running)).manifests[0]?.keeper).toMatchObject({ kind: "in-use", cluster: "us-1" });
    await change((inside) => forgetCluster(inside, "us-1"));
    memory.clock.atMs += 1000;
    expect(await clean()).toMatchObject({ manifests: 1 });
  });

  test("removes it once the cluster is silent for too long", async () => {
    const running = await pushImage(memory.registry, "one");
    await report([running]);
    await clean();
    memory.clock.atMs += 7 * DAY_MS - 1;
    expect(await clean()).toMatchObject({ manifests: 0 });
    memory.clock.atMs += 1;
    expect((await explain(running)).inUse).toEqual([]);
    expect(await clean()).toMatchObject({ manifests: 1 });
  });

  test("keeps the children of an index that runs", async () => {
    const child = await pushImage(memory.registry, "child");
    const index = await pushIndex(memory.registry, [child]);
    await report([index]);
    expect(await clean()).toMatchObject({ manifests: 0 });
    expect(await isThere(child)).toBe(true);
  });

  test("removes at last what has lost its index while it ran, also where untagged manifests stay", async () => {
    const child = await pushImage(memory.registry, "child");
    const index = await pushIndex(memory.registry, [child]);
    await remove(memory.registry, index.digest);
    await report([child]);
    expect(await collect(memory.registry)).toMatchObject({ manifests: 0 });
    await report([]);
    memory.clock.atMs += 1000;
    expect(await collect(memory.registry)).toMatchObject({ manifests: 1 });
  });

  test("keeps what is pushed after it was said to run", async () => {
    const digest = (await pushImage(memory.registry, "elsewhere", { repository: "x/y" as RepositoryName })).digest;
    expect(await report([{ digest }])).toMatchObject({ images: 1, unknown: 1 });
    const running = await pushImage(memory.registry, "elsewhere");
    expect(running.digest).toBe(digest);
    expect(await report([running])).toMatchObject({ images: 1, unknown: 0 });
    await clean();
    expect(await isThere(running)).toBe(true);
  });
});

test("a report that says the same changes nothing", async () => {
  const running = await pushImage(memory.registry, "one", { reference: "one" });
  await report([running]);
  await clean();
  await report([running]);
  const untilMs = memory.clock.atMs + DAY_MS;
  const due = (queries: Parameters<typeof takeCandidates>[0]) =>
    takeCandidates(queries, { kind: "manifest", untilMs, limit: 10 });
  expect(await memory.registry.metadata.transaction(due)).toEqual([]);
});

describe("a delete is refused", () => {
  const refusal = (reference: string) => failureOf(remove(memory.registry, reference));

  test("of what runs, of its blobs, and of its only tag", async () => {
    const running = await pushImage(memory.registry, "one", { reference: "v1" });
    await report([running]);
    const since = new Date(memory.clock.atMs).toISOString();
    const said = `running in eu-1 since ${since}`;
    const { digest, layer } = running;
    expect(await refusal(digest)).toStartWith(`${digest} is ${said}: stop it there`);
    expect(await refusal("v1")).toStartWith(`v1 is the only tag of ${digest}, which is ${said}`);
    const deletion = { repository: app, digest: layer.digest, by: nobody };
    expect(await failureOf(deleteBlob(memory.registry, deletion))).toStartWith(
      `${layer.digest} is needed by ${digest}, which is ${said}`,
    );
    await pushImage(memory.registry, "one", { reference: "v2" });
    await remove(memory.registry, "v1");
    expect(await refusal("v2")).toContain(said);
    await change((inside) => forgetCluster(inside, "eu-1"));
    await remove(memory.registry, "v2");
    await remove(memory.registry, running.digest);
  });

  test("of a child of what runs, and not of an index without a tag that names it", async () => {
    const children = [await pushImage(memory.registry, "a"), await pushImage(memory.registry, "b")];
    const [first, second] = children;
    const index = await pushIndex(memory.registry, children);
    await report([index]);
    expect(await refusal(second?.digest ?? "")).toContain("running in eu-1 since");
    await report(first ? [first] : []);
    await remove(memory.registry, index.digest);
    await remove(memory.registry, second?.digest ?? "");
  });

  test("of an index with a tag that names what runs, and of that tag", async () => {
    const child = await pushImage(memory.registry, "a");
    const index = await pushIndex(memory.registry, [child], "multi");
    await report([child]);
    const running = `${child.digest}, which is running in eu-1 since`;
    expect(await refusal(index.digest)).toStartWith(`${index.digest} has a tag, and names ${running}`);
    expect(await refusal("multi")).toStartWith(`multi is the only tag of ${index.digest}, which names ${running}`);
  });

  test("no more once the cluster is silent for too long", async () => {
    const running = await pushImage(memory.registry, "one", { reference: "v1" });
    await report([running]);
    memory.clock.atMs += 7 * DAY_MS;
    await remove(memory.registry, "v1");
    await remove(memory.registry, running.digest);
  });
});
