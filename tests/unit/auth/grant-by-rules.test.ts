import { expect, test } from "bun:test";
import { AccessDirectory } from "../../../src/access/index.ts";
import { grantByRules } from "../../../src/auth/index.ts";
import { openSqlite, putVisibility } from "../../../src/metadata/index.ts";

test("a token's actions that are no actions are left out, whatever they are called", async () => {
  const metadata = await openSqlite(":memory:");
  await metadata.transaction((queries) => putVisibility(queries, { path: "app", visibility: "public", nowMs: 1 }));
  const directory = new AccessDirectory({ metadata, clock: { nowMs: () => 1 } });
  const actions = ["constructor", "toString", "__proto__", "pull", "push"];
  const granted = await grantByRules(directory, undefined, {
    wanted: [{ type: "repository", name: "app", actions }],
    findMovedName: () => Promise.resolve(undefined),
  });
  expect(granted).toEqual([{ type: "repository", name: "app", actions: ["pull"] }]);
  await metadata.close();
});
