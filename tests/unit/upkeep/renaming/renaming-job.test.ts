import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  ensureRepository,
  findRepositoryId,
  findRepositoryMove,
  putNodeSetting,
} from "../../../../src/metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../../../src/oci/index.ts";
import { moveRepository } from "../../../../src/registry/index.ts";
import { type OneMove, renamingWork } from "../../../../src/upkeep/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { logTo } from "../../http/health/log-to.ts";
import { attempt, type AttemptOptions } from "../attempt.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  for (const name of ["a", "a/deep/y", "a/x", "ab/x", "b/x"])
    await memory.registry.metadata.transaction(async (queries) => {
      const id = await ensureRepository(queries, name as RepositoryName, 1);
      // Those that are empty are not shown to anybody.
      await queries.updateTable("repositories").set({ is_empty: 0 }).where("id", "=", id).execute();
    });
});
afterEach(() => memory.close());

const hidden = new Set<string>();
const by = { actor: "anna", address: undefined, requestId: undefined };

async function move({ from, to, redirectDays = 30 }: OneMove): Promise<void> {
  if (hidden.has(from)) throw new RegistryError("not-found", `there is no repository ${from}`);
  await memory.registry.metadata.transaction((queries) =>
    moveRepository(
      { queries, nowMs: memory.clock.atMs, by, record: () => Promise.resolve() },
      { from, to, redirectMs: redirectDays * 86_400_000 },
    ),
  );
}

const run = (options: AttemptOptions = {}, input: object = {}) =>
  attempt(renamingWork({ registry: memory.registry, log: logTo([]), moveAs: () => move }), {
    input: { from: "a", to: "c", acceptChanges: false, requester: { subjects: [] }, ...input },
    ...options,
  });

async function names(): Promise<readonly string[]> {
  const rows = await memory.registry.metadata.reads.selectFrom("repositories").select("name").orderBy("name").execute();
  return rows.map(({ name }) => name);
}

test("all below a namespace, and what has its name, get others, and the rest does not", async () => {
  expect((await run()).result).toEqual({ moved: 3, refused: 0, refusals: [] });
  expect(await names()).toEqual(["ab/x", "b/x", "c", "c/deep/y", "c/x"]);
  const { reads } = memory.registry.metadata;
  expect(await findRepositoryMove(reads, "a/x" as RepositoryName, memory.clock.atMs)).toMatchObject({ to: "c/x" });
});

test("what cannot be moved stays and is told, what may not be seen is not", async () => {
  const { metadata } = memory.registry;
  await metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "a/deep", name: "protected", value: true, nowMs: 1 }),
  );
  hidden.add("a/x");
  const { result } = await run();
  hidden.clear();
  expect(result).toEqual({
    moved: 1,
    refused: 1,
    refusals: [{ repository: "a/deep/y", reason: expect.stringContaining("protected") }],
  });
  expect(await names()).toEqual(["a/deep/y", "a/x", "ab/x", "b/x", "c"]);
});

test("it goes on where it was interrupted", async () => {
  const stop = new AbortController();
  const onReport = () => stop.abort(new Error("stopped"));
  expect(await failureOf(run({ signal: stop.signal, onReport }))).toBe("stopped");
  expect(await findRepositoryId(memory.registry.metadata.reads, "c" as RepositoryName)).toBeDefined();
  const before = { done: 1, total: null, unit: "repository", detail: { moved: 1, refused: 0, refusals: [] } };
  expect((await run({ progress: before })).result).toEqual({ moved: 3, refused: 0, refusals: [] });
  expect(await names()).toEqual(["ab/x", "b/x", "c", "c/deep/y", "c/x"]);
});

test("what fails otherwise is tried again", async () => {
  await memory.registry.metadata.close();
  expect(await failureOf(run())).not.toBe("");
  memory = await openMemoryRegistry();
});
