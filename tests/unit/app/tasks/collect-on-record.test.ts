import { afterEach, beforeEach, expect, test } from "bun:test";
import { collectOnRecord } from "../../../../src/app/tasks/collect-on-record.ts";
import { listActs } from "../../../../src/metadata/index.ts";
import { NOTHING_COLLECTED } from "../../../../src/upkeep/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

const byHand = (isAudited = true) => {
  const { metadata } = memory.registry;
  return { metadata, isAudited, run: "run-1", actor: "local:anna", deleteUntagged: true };
};
const acts = () => listActs(memory.registry.metadata.reads, { limit: 9 });
const TALLY = { ...NOTHING_COLLECTED, manifests: 3 };

test("a run by hand is on record with who did it and what it removed", async () => {
  expect(await collectOnRecord(byHand(), () => Promise.resolve(TALLY))).toEqual(TALLY);
  const [act] = await acts();
  expect(act).toMatchObject({ act: "gc.run", outcome: "success", actor: "local:anna" });
  expect(JSON.parse(act?.detail ?? "")).toEqual({ run: "run-1", deleteUntagged: true, ...TALLY });
});

test("one that stops on the way is on record with what it had removed until then", async () => {
  const failure = await failureOf(
    collectOnRecord(byHand(), (onProgress) => {
      onProgress(TALLY);
      return Promise.reject(new Error("the disk is full"));
    }),
  );
  expect(failure).toContain("the disk is full");
  const [act] = await acts();
  expect(act).toMatchObject({ act: "gc.run", outcome: "failure" });
  expect(JSON.parse(act?.detail ?? "")).toMatchObject({ run: "run-1", manifests: 3 });
});

test("without an audit trail it is on no record", async () => {
  await collectOnRecord(byHand(false), () => Promise.resolve(TALLY));
  expect(await acts()).toEqual([]);
});
