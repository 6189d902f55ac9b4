import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findManifestId,
  findRepositoryId,
  findTag,
  listBinEntries,
  listTagChanges,
  listTags,
  putClusterReport,
  putKeep,
  putNodeSetting,
} from "../../../../src/metadata/index.ts";
import {
  type Digest,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  type RepositoryName,
  type Tag,
} from "../../../../src/oci/index.ts";
import {
  getBlob,
  listReferrers,
  relocateTag,
  requireRelocatable,
  restoreFromBin,
} from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { type Content, descriptorOf } from "../../../support/oci-content.ts";
import { app, collect, hasBytes, pushImage, pushIndex } from "../../upkeep/gc/collected-registry.ts";

const [pr, other] = ["team/app-pr", "other/app"] as [RepositoryName, RepositoryName];
const v1 = "v1" as Tag;
const DAY_MS = 86_400_000;
const anna = { actor: "anna", address: "192.0.2.1", requestId: undefined };

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: DAY_MS, isAudited: true });
});
afterEach(() => memory.close());

interface Wanted {
  readonly from?: RepositoryName;
  readonly to?: RepositoryName;
  readonly newTag?: string;
}

const pairOf = (tag: string, { from = app, to = pr, newTag = tag }: Wanted) => {
  return { from, tag: tag as Tag, to, newTag: newTag as Tag };
};
const relocate = (tag: string, wanted: Wanted = {}) =>
  memory.registry.metadata.transaction((queries) =>
    relocateTag(changeBy(memory.registry, queries, anna), pairOf(tag, wanted), memory.registry.options),
  );
/** What stands in the way is found beforehand, too. */
async function refusalOf(tag: string, wanted: Wanted = {}): Promise<string> {
  const { metadata, clock } = memory.registry;
  const planned = await failureOf(requireRelocatable(metadata.reads, pairOf(tag, wanted), { nowMs: clock.nowMs() }));
  expect(await failureOf(relocate(tag, wanted))).toBe(planned);
  return planned;
}
const say = (path: string, name: string, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));
const tagsOf = (name: RepositoryName) => listTags(memory.registry.metadata.reads, name, { after: "", limit: 100 });
async function hasManifest(repository: RepositoryName, digest: Digest): Promise<boolean> {
  const { reads } = memory.registry.metadata;
  return (await findManifestId(reads, (await findRepositoryId(reads, repository)) ?? 0, digest)) !== undefined;
}
async function historyOf(name: RepositoryName, tag: Tag = v1) {
  const { reads } = memory.registry.metadata;
  const repositoryId = (await findRepositoryId(reads, name)) ?? 0;
  return listTagChanges(reads, { repositoryId, tag }, { limit: 10 });
}

/** An index of two platforms, with what refers to it and to one of them, in the registry's lists and by cosign's tags. */
async function pushAll() {
  const { registry } = memory;
  const [amd, arm] = [await pushImage(registry, "amd64"), await pushImage(registry, "arm64")];
  const index = await pushIndex(registry, [amd, arm], "v1");
  const sbom = await refer(index, "sbom", OCI_IMAGE_INDEX);
  const signed = await refer(sbom, "signature of the sbom", OCI_IMAGE_MANIFEST);
  const reference = `${amd.digest.replace(":", "-")}.sig`;
  const cosign = await pushImage(registry, "cosign", { reference });
  return { amd, arm, index, sbom, signed, cosign, reference };
}

function refer(subject: Content, name: string, mediaType: string) {
  const more = { subject: descriptorOf(subject, mediaType), artifactType: `test/${name.split(" ")[0]}` };
  return pushImage(memory.registry, name, { more });
}

describe("a tag that is moved", () => {
  test("has all that belongs to it in the new repository, and copies no bytes", async () => {
    const { registry } = memory;
    const { amd, arm, index, sbom, signed, cosign, reference } = await pushAll();
    await pushImage(registry, "another", { reference: "v2" });
    expect(await relocate("v1")).toBe(index.digest);
    expect(await tagsOf(app)).toEqual([reference, "v2"] as Tag[]);
    expect(await tagsOf(pr)).toEqual([reference, "v1"] as Tag[]);
    for (const { digest } of [index, amd, arm, sbom, signed, cosign]) expect(await hasManifest(pr, digest)).toBe(true);
    for (const { layer, config } of [amd, arm, sbom, signed, cosign])
      for (const { digest } of [layer, config])
        expect((await getBlob(registry, pr, digest)).sizeBytes).toBeGreaterThan(0);
    const referring = await listReferrers(registry, { repository: pr, subject: index.digest, after: "", limit: 10 });
    expect(referring.descriptors).toMatchObject([{ digest: sbom.digest, artifactType: "test/sbom" }]);
  });

  test("is there by itself when clean-up has taken what it left behind", async () => {
    const { registry, clock } = memory;
    const { amd, index, sbom, cosign } = await pushAll();
    await relocate("v1");
    // The database notes by its own clock when something was left.
    clock.atMs = Date.now() + 2 * DAY_MS;
    for (let run = 0; run < 4; run += 1) {
      clock.atMs += DAY_MS;
      await collect(registry, { untagged: "remove" });
    }
    expect(await tagsOf(app)).toEqual([]);
    for (const { digest } of [index, amd, sbom, cosign]) expect(await hasManifest(pr, digest)).toBe(true);
    expect(await hasBytes(registry, amd.layer.digest)).toBe(true);
  });

  test("says in both histories and in the audit trail where it went and came from", async () => {
    const { digest } = await pushImage(memory.registry, "one", { reference: "v1" });
    await relocate("v1", { to: other, newTag: "v2" });
    expect(await historyOf(app)).toMatchObject([
      {
        digest: null,
        fromDigest: digest,
        actor: "anna",
        address: "192.0.2.1",
        otherPlace: { repository: other, tag: "v2" },
      },
      { digest, otherPlace: null },
    ]);
    expect(await historyOf(other, "v2" as Tag)).toMatchObject([
      { digest, actor: "anna", otherPlace: { repository: app, tag: "v1" } },
    ]);
    const acts = await memory.registry.metadata.reads.selectFrom("audit").select(["act", "target", "detail"]).execute();
    expect(acts.map(({ act, target, detail }) => ({ act, target, ...JSON.parse(detail ?? "{}") }))).toMatchObject([
      { act: "manifest.push" },
      { act: "tag.create", target: app },
      { act: "tag.create", target: other, tag: "v2", digest, movedFrom: "team/app:v1" },
      { act: "tag.delete", target: app, tag: "v1", digest, movedTo: "other/app:v2" },
      { act: "bin.put", target: app },
    ]);
  });

  test("can be had back from the bin, beside the new one", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await relocate("v1");
    const [entry] = await listBinEntries(registry.metadata.reads, { limit: 9 });
    if (!entry) throw new Error("nothing is in the bin");
    const { validation } = registry.options;
    const restore = { entry, force: false, validation, requireMayMove: () => undefined };
    await registry.metadata.transaction((queries) => restoreFromBin(changeBy(registry, queries, anna), restore));
    expect([await tagsOf(app), await tagsOf(pr)]).toEqual([[v1], [v1]]);
  });

  test("gets another name in its repository, also if it runs somewhere", async () => {
    const { digest } = await pushImage(memory.registry, "one", { reference: "v1" });
    await runs(digest);
    await relocate("v1", { to: app, newTag: "v1-old" });
    expect(await tagsOf(app)).toEqual(["v1-old" as Tag]);
  });

  test("goes by itself when it would have gone", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1", more: { annotations: { "dev.berth.expires-after": "12h" } } });
    const ends = () => registry.metadata.reads.selectFrom("tags").select("expires_at_ms as atMs").execute();
    const before = await ends();
    memory.clock.atMs += 3_600_000;
    await relocate("v1");
    expect(await ends()).toEqual(before);
    expect(before[0]?.atMs).toBeGreaterThan(0);
  });

  test("meets the same in its new place, which is fine", async () => {
    for (const repository of [app, pr]) await pushImage(memory.registry, "one", { reference: "v1", repository });
    await relocate("v1");
    expect([await tagsOf(app), await tagsOf(pr)]).toEqual([[], [v1]]);
    expect(await historyOf(pr)).toHaveLength(1);
  });

  test("adds nothing to a namespace of both places, which is full", async () => {
    await pushImage(memory.registry, "one", { reference: "v1" });
    await say("team", "quota", { tags: 1 });
    await relocate("v1");
    expect(await tagsOf(pr)).toEqual([v1]);
  });
});

const runs = (digest: Digest) =>
  memory.registry.metadata.transaction((queries) => {
    const images = [{ repository: app, digest }];
    return putClusterReport(queries, { cluster: "eu-1", images, nowMs: 1, holdsUntilMs: memory.clock.atMs + DAY_MS });
  });

describe("a tag stays where it is", () => {
  let digest: Digest;
  beforeEach(async () => {
    ({ digest } = await pushImage(memory.registry, "one", { reference: "v1" }));
  });
  afterEach(async () => {
    const { metadata } = memory.registry;
    const repositoryId = (await findRepositoryId(metadata.reads, app)) ?? 0;
    expect((await findTag(metadata.reads, repositoryId, v1))?.digest).toBe(digest);
    expect(await historyOf(app)).toHaveLength(1);
  });

  test.each([
    ["immutable-tags", ["v*"], 'the tag v1 is immutable by "v*" of team'],
    ["protected", true, "team/app is protected by team"],
    ["delete-approval", { required: true }, "a second person has to approve"],
  ])("where %s says so", async (name, value, reason) => {
    await say("team", name, value);
    expect(await refusalOf("v1", { to: other })).toContain(reason);
    expect(await tagsOf(other)).toEqual([]);
  });

  test("if it is the only one of what runs somewhere", async () => {
    await runs(digest);
    expect(await refusalOf("v1")).toContain(`v1 is the only tag of ${digest}, which is running in eu-1`);
  });

  test("if somebody keeps it", async () => {
    const keep = { reference: "v1", reason: "for the court", untilMs: null, actor: "ben", atMs: 1 };
    await memory.registry.metadata.transaction((queries) => putKeep(queries, 1, keep));
    expect(await refusalOf("v1")).toBe("the tag v1 is kept by ben: for the court: take that back first");
  });

  test("if somebody keeps what it points at, with all its tags", async () => {
    const keep = { reference: digest, reason: "for the court", untilMs: null, actor: "ben", atMs: 1 };
    await memory.registry.metadata.transaction((queries) => putKeep(queries, 1, keep));
    expect(await refusalOf("v1")).toBe(`${digest} is kept by ben: for the court: take that back first`);
  });

  test("if another one has its name in the new place, or what is attached to it has", async () => {
    const { registry } = memory;
    await pushImage(registry, "two", { reference: "v1", repository: pr });
    // Nothing of what it points at, as who pushes there may perhaps not pull.
    expect(await refusalOf("v1")).toBe("team/app-pr has a tag v1 already, which points elsewhere");
    const reference = `${digest.replace(":", "-")}.sig`;
    for (const repository of [app, other]) await pushImage(registry, `for ${repository}`, { reference, repository });
    expect(await refusalOf("v1", { to: other })).toContain(`other/app has a tag ${reference} already`);
  });

  test("if the new place may hold no more", async () => {
    await say("other", "quota", { tags: 0 });
    expect(await failureOf(relocate("v1", { to: other }))).toContain("other may hold 0 tags");
    expect(await findRepositoryId(memory.registry.metadata.reads, other)).toBeUndefined();
  });

  test("if the bytes of something that belongs to it are lost", async () => {
    const { metadata } = memory.registry;
    await metadata.transaction((queries) =>
      queries
        .updateTable("manifests")
        .set({ size_bytes: 0, body: new Uint8Array() })
        .where("digest", "=", digest)
        .execute(),
    );
    expect(await refusalOf("v1")).toBe(`the bytes of manifest ${digest} in team/app are damaged: push it again first`);
  });

  test("if it is to go where it is, or there is no such tag", async () => {
    expect(await refusalOf("v1", { to: app })).toBe("team/app:v1 has that place already");
    expect(await refusalOf("v2")).toBe("team/app has no tag v2");
    expect(await refusalOf("v1", { from: pr, to: other })).toBe("team/app-pr has no tag v1");
  });
});
