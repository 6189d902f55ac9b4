import { afterEach, beforeEach, expect, test } from "bun:test";
import { requestDeletion } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

test("who asks twice in the same millisecond has asked once, also on record", async () => {
  const acts: string[] = [];
  const record = ({ act }: { readonly act: string }) => Promise.resolve(void acts.push(act));
  const by = { actor: "anna", address: undefined, requestId: undefined };
  const wish = { path: "team/app", subject: "prod", work: { kind: "content" } } as const;
  const ask = () =>
    memory.registry.metadata.transaction((queries) =>
      requestDeletion({ queries, nowMs: memory.clock.atMs, by, record }, wish, 1000),
    );
  const first = await ask();
  expect(await ask()).toEqual(first);
  expect(acts).toEqual(["approval.request"]);
});
