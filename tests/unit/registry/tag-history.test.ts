import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ActOrigin, findRepositoryId, listTagChanges, type TagPlace } from "../../../src/metadata/index.ts";
import {
  type Digest,
  OCI_IMAGE_MANIFEST,
  parseReference,
  type RepositoryName,
  type Tag,
} from "../../../src/oci/index.ts";
import {
  deleteManifest,
  findTagState,
  putManifest,
  type RegistryChange,
  rollBackTag,
  type RollBackTarget,
} from "../../../src/registry/index.ts";
import { failureOf } from "../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { type Content, imageIndex } from "../../support/oci-content.ts";

const app = "team/app" as RepositoryName;
const prod = "prod" as Tag;
const alice: ActOrigin = { actor: "alice", address: "10.0.0.1", requestId: "request" };
const [one, two, three] = ["one", "two", "three"].map((name) => imageIndex([], { annotations: { name } })) as [
  Content,
  Content,
  Content,
];

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

async function push({ bytes }: Content, ...tags: readonly string[]): Promise<void> {
  const reference = parseReference(tags[0] ?? "prod");
  await putManifest(memory.registry, {
    repository: app,
    reference,
    tags: tags as Tag[],
    contentType: "application/vnd.oci.image.index.v1+json",
    body: bytes,
    by: alice,
  });
}

const remove = (reference: string) =>
  deleteManifest(memory.registry, { repository: app, reference: parseReference(reference), by: alice });

async function place(tag = prod): Promise<TagPlace> {
  const repositoryId = await findRepositoryId(memory.registry.metadata.reads, app);
  return { repositoryId: repositoryId ?? 0, tag };
}

/** What is on record, the oldest first. */
async function history(tag = prod): Promise<readonly unknown[]> {
  const found = await listTagChanges(memory.registry.metadata.reads, await place(tag), { limit: 100 });
  return found.toReversed().map(({ cause, digest, fromDigest, atMs, actor, address }) => {
    expect({ actor, address }).toEqual({ actor: "alice", address: "10.0.0.1" });
    return [atMs, cause, nameOf(digest), nameOf(fromDigest)];
  });
}

function nameOf(digest: Digest | null): string | null {
  return digest === null
    ? null
    : ({ [one.digest]: "one", [two.digest]: "two", [three.digest]: "three" }[digest] ?? digest);
}

async function stateAt(atMs: number): Promise<unknown> {
  const state = await findTagState(memory.registry.metadata.reads, await place(), atMs);
  return state.kind === "known" ? [nameOf(state.digest), state.sinceMs] : state.kind;
}

function rollBack(target: RollBackTarget): Promise<Digest> {
  const { metadata, clock } = memory.registry;
  return metadata.transaction(async (queries) => {
    const record = (deed: unknown) => Promise.resolve(void acts.push(deed));
    const change: RegistryChange = { queries, nowMs: clock.nowMs(), by: alice, record };
    return rollBackTag(change, { repository: app, ...(await place()), target });
  });
}

let acts: unknown[] = [];
beforeEach(() => void (acts = []));

/** At 1000, 2000 and 3000 milliseconds. */
async function pushThree(): Promise<void> {
  for (const [step, content] of [one, two, three].entries()) {
    memory.clock.atMs = (step + 1) * 1000;
    await push(content, "prod");
  }
  memory.clock.atMs = 10_000;
}

describe("the history of a tag", () => {
  test("has each time it was made, moved or deleted, also where there is no audit trail", async () => {
    await pushThree();
    await remove("prod");
    expect(await history()).toEqual([
      [1000, "push", "one", null],
      [2000, "push", "two", "one"],
      [3000, "push", "three", "two"],
      [10_000, "delete", null, "three"],
    ]);
  });

  test("has nothing of a push that changes nothing", async () => {
    await push(one, "prod");
    await push(one, "prod");
    expect(await history()).toHaveLength(1);
  });

  test("has what became of each tag of one push, and of a manifest that is deleted", async () => {
    await push(one, "a", "b");
    memory.clock.atMs += 1;
    await remove(one.digest);
    const expected = [
      [1_000_000, "push", "one", null],
      [1_000_001, "delete", null, "one"],
    ];
    expect([await history("a" as Tag), await history("b" as Tag)]).toEqual([expected, expected]);
  });

  test("keeps nothing of a push that fails", async () => {
    const image = { config: { digest: `sha256:${"0".repeat(64)}`, size: 1, mediaType: "x/y" }, layers: [] };
    const body = new TextEncoder().encode(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_MANIFEST, ...image }),
    );
    await push(one, "prod");
    const pushed = {
      repository: app,
      reference: parseReference("prod"),
      tags: [],
      contentType: OCI_IMAGE_MANIFEST,
      body,
    };
    expect(await failureOf(putManifest(memory.registry, { ...pushed, by: alice }))).toContain("push it first");
    expect(await history()).toHaveLength(1);
  });
});

describe("what a tag pointed at", () => {
  test.each([
    [999, "absent"],
    [1000, ["one", 1000]],
    [1999, ["one", 1000]],
    [2000, ["two", 2000]],
    [3000, ["three", 3000]],
    [99_999, ["three", 3000]],
  ])("at %p is %p", async (atMs, expected) => {
    await pushThree();
    expect(await stateAt(atMs)).toEqual(expected);
  });

  test("between a delete and the next push is nothing", async () => {
    await pushThree();
    await remove("prod");
    memory.clock.atMs = 20_000;
    await push(one, "prod");
    expect([await stateAt(9999), await stateAt(10_000), await stateAt(20_000)]).toEqual([
      ["three", 3000],
      "absent",
      ["one", 20_000],
    ]);
  });

  test("is known from what the next change says where older ones are forgotten, and unknown before", async () => {
    await pushThree();
    const forget = (atMs: number) =>
      memory.registry.metadata.reads.deleteFrom("tag_history").where("at_ms", "<=", atMs).execute();
    await forget(2000);
    expect([await stateAt(1999), await stateAt(2000), await stateAt(3000)]).toEqual([
      "unknown",
      ["two", 2000],
      ["three", 3000],
    ]);
    await forget(3000);
    expect([await stateAt(2999), await stateAt(3000)]).toEqual(["unknown", ["three", 3000]]);
  });
});

describe("a roll-back", () => {
  test.each([
    [{ steps: 1 }, "two"],
    [{ steps: 2 }, "one"],
    [{ atMs: 1500 }, "one"],
    [{ digest: two.digest }, "two"],
  ])("by %p points the tag at %p, on record", async (target, expected) => {
    await pushThree();
    expect(nameOf(await rollBack(target))).toBe(expected);
    expect((await history()).at(-1)).toEqual([10_000, "rollback", expected, "three"]);
    expect(acts).toMatchObject([{ act: "tag.rollback", target: app, detail: { tag: "prod", from: three.digest } }]);
    expect(await stateAt(10_000)).toEqual([expected, 10_000]);
  });

  test("of a roll-back goes back to where it was", async () => {
    await pushThree();
    await rollBack({ steps: 2 });
    expect(nameOf(await rollBack({ steps: 1 }))).toBe("three");
  });

  test("brings back a tag that was deleted", async () => {
    await pushThree();
    await remove("prod");
    expect(nameOf(await rollBack({ steps: 1 }))).toBe("three");
  });

  test("to where the tag is changes nothing", async () => {
    await pushThree();
    await rollBack({ digest: three.digest });
    expect([(await history()).length, acts]).toEqual([3, []]);
  });

  test.each([
    [{ steps: 3 }, "there was no tag prod"],
    [{ steps: 4 }, "has 3 changes: there is nothing 4 back"],
    [{ atMs: 10 }, "there was no tag prod at 1970-01-01T00:00:00.010Z"],
    [{ digest: `sha256:${"0".repeat(64)}` as Digest }, "push it again first"],
  ])("by %p is refused, saying why", async (target, reason) => {
    await pushThree();
    expect(await failureOf(rollBack(target))).toContain(reason);
    expect(await stateAt(10_000)).toEqual(["three", 3000]);
  });

  test("to a manifest that was deleted names what brings it back", async () => {
    await memory.close();
    memory = await openMemoryRegistry({ binKeepMs: 1000 });
    await pushThree();
    await remove(two.digest);
    expect(await failureOf(rollBack({ steps: 1 }))).toBe(
      `there is no manifest ${two.digest} in team/app any more: restore entry 1 of the bin first`,
    );
  });
});
