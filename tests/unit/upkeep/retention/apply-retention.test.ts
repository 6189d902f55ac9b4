import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findRepositoryId,
  listActs,
  listTagChanges,
  type MetadataDatabase,
  putNodeSetting,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { listTags, watchTags } from "../../../../src/registry/index.ts";
import type { SettingName } from "../../../../src/registry/settings/settings.ts";
import { applyRetention, type RetentionRun } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, collect, pushImage } from "../gc/collected-registry.ts";

const DAY_MS = 86_400_000;
const other = "other/app" as RepositoryName;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ isAudited: true });
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + 1000;
});
afterEach(() => memory.close());

const say = (path: string, name: SettingName, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));
const apply = (options: Partial<RetentionRun> = {}) =>
  applyRetention({
    registry: memory.registry,
    run: "run-1",
    signal: new AbortController().signal,
    restFactor: 0,
    ...options,
  });
const tagsOf = async (repository = app) =>
  (await listTags(memory.registry, repository, { after: "", limit: undefined })).names as readonly string[];

async function lastChangeOf(tag: string) {
  const { reads } = memory.registry.metadata;
  const repositoryId = (await findRepositoryId(reads, app)) ?? expect.unreachable();
  const [change] = await listTagChanges(reads, { repositoryId, tag: tag as Tag }, { limit: 1 });
  return change;
}

async function pushTags(tags: readonly string[], repository = app): Promise<void> {
  for (const tag of tags) {
    memory.clock.atMs += 1000;
    await pushImage(memory.registry, `${repository} ${tag}`, { reference: tag, repository });
  }
}

describe("a run of retention", () => {
  test("removes what no rule keeps, where rules hold, and says why in the trail", async () => {
    const tags = ["v1", "v2", "v3", "ci-1"];
    await pushTags(tags);
    await pushTags(tags, other);
    await say("team", "retention", [{ tags: ["v*"], newest: 2 }]);
    await say("team", "kept-tags", ["ci-*"]);
    expect(await apply()).toEqual({ repositories: 1, judged: 4, expired: 1, postponed: 0 });
    expect(await tagsOf()).toEqual(["ci-1", "v2", "v3"]);
    expect(await tagsOf(other)).toHaveLength(4);
    const acts = await listActs(memory.registry.metadata.reads, { act: "tag.expire", limit: 10 });
    expect(acts).toMatchObject([{ actor: null, target: "team/app" }]);
    expect(JSON.parse(acts[0]?.detail ?? "")).toMatchObject({
      tag: "v1",
      reason: "rule 1 of team does not keep it",
      run: "run-1",
    });
    expect(await apply()).toMatchObject({ expired: 0 });
  });

  test("says in a tag's history whether a rule removed it, or its own end, and which run did", async () => {
    await pushTags(["v1", "v2"]);
    const more = { annotations: { "dev.berth.expires-at": "2001-01-01T00:00:00Z" } };
    await pushImage(memory.registry, "pr-1", { reference: "pr-1", more });
    await say("team", "retention", [{ tags: ["*"], newest: 2 }]);
    expect(await apply()).toMatchObject({ expired: 2 });
    expect(await lastChangeOf("v1")).toMatchObject({
      cause: "retention",
      digest: null,
      reason: "rule 1 of team does not keep it (run-1)",
    });
    expect(await lastChangeOf("pr-1")).toMatchObject({
      cause: "expiry",
      reason: "expired at 2001-01-01T00:00:00.000Z (run-1)",
    });
    expect(await lastChangeOf("v2")).toMatchObject({ cause: "push", reason: null });
  });

  test("leaves images whose node says how long they stay without a tag to that", async () => {
    const { registry, clock } = memory;
    await pushTags(["v1", "v2"]);
    await say("team", "retention", [{ tags: ["v*"], newest: 1 }]);
    await say("team", "untagged", { rule: "remove", after: "30d" });
    expect(await apply()).toMatchObject({ expired: 1 });
    clock.atMs = Date.now() + 29 * DAY_MS;
    expect(await collect(registry)).toMatchObject({ manifests: 0 });
    clock.atMs += 2 * DAY_MS;
    expect(await collect(registry)).toMatchObject({ manifests: 1 });
  });

  test("takes the images along that have no tag any more", async () => {
    const { registry, clock } = memory;
    await pushTags(["v1", "v2"]);
    await pushImage(registry, `${app} v1`, { reference: "stays" });
    await pushTags(["v3"]);
    await say("", "retention", [{ tags: ["v*"], newest: 1 }, { tags: ["stays"] }]);
    expect(await apply()).toMatchObject({ expired: 2 });
    clock.atMs += 10_000;
    expect(await collect(registry)).toMatchObject({ manifests: 1, blobs: 2 });
    expect(await tagsOf()).toEqual(["stays", "v3"]);
  });

  test("leaves them where a node says that manifests without a tag stay", async () => {
    await pushTags(["v1", "v2"]);
    await say("", "retention", [{ tags: ["*"], newest: 1 }]);
    await say("team", "untagged", { rule: "keep" });
    expect(await apply()).toMatchObject({ expired: 1 });
    memory.clock.atMs += 10_000;
    expect(await collect(memory.registry)).toMatchObject({ manifests: 0 });
  });

  test("judges each repository by the nearest node, and each once", async () => {
    await pushTags(["v1", "v2"]);
    await pushTags(["v1", "v2"], other);
    await say("", "retention", [{ tags: ["*"], newest: 1 }]);
    await say("team", "retention", []);
    await say("other", "retention", [{ tags: ["v1"] }]);
    expect(await apply()).toEqual({ repositories: 2, judged: 4, expired: 1, postponed: 0 });
    expect([await tagsOf(), await tagsOf(other)]).toEqual([["v1", "v2"], ["v1"]]);
  });

  test("only says what would go, if that is all it is to do", async () => {
    await pushTags(["v1", "v2"]);
    await say("team", "retention", [{ tags: ["*"], newest: 1 }]);
    const heard: string[] = [];
    const onExpired: RetentionRun["onExpired"] = (repository, { tag }) => heard.push(`${repository}:${tag}`);
    expect(await apply({ dryRun: true, onExpired })).toMatchObject({ expired: 1 });
    expect(heard).toEqual(["team/app:v1"]);
    expect(await tagsOf()).toEqual(["v1", "v2"]);
  });

  test("goes in steps through many tags, and can be stopped", async () => {
    const { registry } = memory;
    await pushTags(["first"]);
    const repositoryId = (await findRepositoryId(registry.metadata.reads, app)) ?? 0;
    await registry.metadata.transaction(async (queries) => {
      const { id } = await queries.selectFrom("manifests").select("id").executeTakeFirstOrThrow();
      for (let count = 0; count < 2500; count++)
        await queries
          .insertInto("tags")
          .values({
            repository_id: repositoryId,
            name: `t${count}` as Tag,
            manifest_id: id,
            updated_at_ms: count,
            expires_at_ms: null,
          })
          .execute();
    });
    await say("team", "retention", [{ tags: ["*"], newest: 3 }]);
    const stopping = new AbortController();
    const { expired } = await apply({ signal: stopping.signal, onExpired: () => stopping.abort() });
    expect(expired).toBe(25);
    expect(await apply()).toEqual({ repositories: 1, judged: 2476, expired: 2473, postponed: 0 });
    expect(await tagsOf()).toEqual(["first", "t2498", "t2499"]);
  });
});

describe("what changes between the judgement and the removal", () => {
  /** What somebody does as soon as the first tags are gone. */
  const meanwhile = async (change: () => Promise<unknown>) => {
    await pushTags(Array.from({ length: 30 }, (_, count) => `t${count + 10}`));
    await say("team", "retention", [{ tags: ["*"], newest: 2 }]);
    let changed: Promise<unknown> | undefined;
    const { metadata } = memory.registry;
    const { reads } = metadata;
    // The run does nothing until it is done.
    const transaction: MetadataDatabase["transaction"] = async (work, options) => {
      await changed;
      return metadata.transaction(work, options);
    };
    const waiting = { reads, transaction } as MetadataDatabase;
    return apply({
      registry: { ...memory.registry, metadata: waiting },
      onExpired: () => void (changed ??= change()),
    });
  };

  test("is seen: a tag that becomes immutable stays", async () => {
    await meanwhile(() => say("", "immutable-tags", ["t37"]));
    expect(await tagsOf()).toEqual(["t37", "t38", "t39"]);
  });

  test("is seen, also when another process goes on with the same job", async () => {
    const tags = await meanwhile(async () => {
      await pushImage(memory.registry, "again", { reference: "t37" });
      const repositoryId = (await findRepositoryId(memory.registry.metadata.reads, app)) ?? expect.unreachable();
      await watchTags(memory.registry, { repositoryId, run: "run-1" });
    }).then(() => tagsOf());
    expect(tags).toEqual(["t37", "t39"]);
  });

  test("is seen: rules that are taken back remove nothing more", async () => {
    const { expired } = await meanwhile(() => say("team/app", "retention", []));
    expect(expired).toBe(25);
    expect(await tagsOf()).toHaveLength(5);
  });
});

test("tags of long ago go by their age", async () => {
  await pushTags(["old"]);
  memory.clock.atMs += 8 * DAY_MS;
  await pushTags(["new"]);
  await say("team", "retention", [{ tags: ["*"], pushedWithin: "1w" }]);
  await apply();
  expect(await tagsOf()).toEqual(["new"]);
});
