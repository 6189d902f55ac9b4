import { afterEach, beforeEach, expect, test } from "bun:test";
import { findRepositoryId, listTags } from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { moveRepository, relocateTag, type TagRelocation } from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { tagMoveWork } from "../../../../src/upkeep/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { logTo } from "../../http/health/log-to.ts";
import { attempt, type AttemptOptions } from "../attempt.ts";
import { app, pushImage } from "../gc/collected-registry.ts";

const pr = "team/app-pr" as RepositoryName;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  for (const reference of ["pr-1", "pr-2", "pr-3", "v1"]) await pushImage(memory.registry, "one", { reference });
});
afterEach(() => memory.close());

const move = (relocation: TagRelocation) =>
  memory.registry.metadata.transaction((queries) =>
    relocateTag(changeBy(memory.registry, queries, nobody), relocation, memory.registry.options),
  );
const run = (options: AttemptOptions = {}, moveTag: typeof move = move) =>
  attempt(tagMoveWork({ registry: memory.registry, log: logTo([]), moveTagAs: () => moveTag }), {
    input: { from: app, tags: "pr-*", to: pr, requester: { subjects: [] } },
    ...options,
  });
const tagsOf = (name: RepositoryName) => listTags(memory.registry.metadata.reads, name, { after: "", limit: 100 });

test("it goes on where it was interrupted, and each tag is in one of both places meanwhile", async () => {
  const stop = new AbortController();
  expect(await failureOf(run({ signal: stop.signal, onReport: () => stop.abort(new Error("stopped")) }))).toBe(
    "stopped",
  );
  expect([await tagsOf(app), await tagsOf(pr)]).toEqual([["pr-2", "pr-3", "v1"], ["pr-1"]] as Tag[][]);
  const progress = { done: 1, total: null, unit: "tag", detail: { moved: 1, refused: 0, refusals: [] } };
  expect((await run({ progress })).result).toEqual({ moved: 3, refused: 0, refusals: [] });
  expect([await tagsOf(app), await tagsOf(pr)]).toEqual([["v1"], ["pr-1", "pr-2", "pr-3"]] as Tag[][]);
});

test("what fails otherwise than by a refusal is tried again, and nothing of it is left", async () => {
  const failing = (relocation: TagRelocation) =>
    memory.registry.metadata.transaction(async (queries) => {
      await relocateTag(changeBy(memory.registry, queries, nobody), relocation, memory.registry.options);
      throw new Error("the disk is full");
    });
  expect(await failureOf(run({}, failing))).toBe("the disk is full");
  expect([await tagsOf(app), await tagsOf(pr)]).toEqual([["pr-1", "pr-2", "pr-3", "v1"], []] as Tag[][]);
});

test("a repository that is gone has nothing to move", async () => {
  const input = { from: "team/gone", tags: "*", to: pr, requester: { subjects: [] } };
  expect((await run({ input })).result).toEqual({ moved: 0, refused: 0, refusals: [] });
});

test("a clock that is put forward does not keep it at rest", async () => {
  const input = { from: app, tags: "v1", to: pr, requester: { subjects: [] } };
  const moveLate = async (relocation: TagRelocation) => {
    const digest = await move(relocation);
    memory.clock.atMs += 3_600_000;
    return digest;
  };
  expect((await run({ input }, moveLate)).result).toMatchObject({ moved: 1 });
});

test("it follows the repository that was meant, and leaves the one that has its name by then", async () => {
  const { metadata } = memory.registry;
  const repositoryId = await findRepositoryId(metadata.reads, app);
  const moved = "team/moved" as RepositoryName;
  const renaming = { from: app, to: moved, redirectMs: 0 };
  await metadata.transaction((queries) => moveRepository(changeBy(memory.registry, queries, nobody), renaming));
  await pushImage(memory.registry, "another", { reference: "pr-9" });
  const input = { from: app, repositoryId, tags: "pr-*", to: pr, requester: { subjects: [] } };
  expect((await run({ input })).result).toEqual({ moved: 3, refused: 0, refusals: [] });
  expect([await tagsOf(app), await tagsOf(moved), await tagsOf(pr)]).toEqual([
    ["pr-9"],
    ["v1"],
    ["pr-1", "pr-2", "pr-3"],
  ] as Tag[][]);
});
