import { expect, test } from "bun:test";
import {
  insertAccount,
  insertGrant,
  insertGroup,
  loadAccessRules,
  openSqlite,
  putGroupMapping,
  putGroupMember,
  putRole,
  putVisibility,
  type Queries,
  removeGrant,
  removeGroup,
  removeGroupMapping,
  removeGroupMember,
  removeNamespace,
  removeRole,
} from "../../../../src/metadata/index.ts";
import { newAccount } from "../../../support/new-account.ts";

test("whatever changes what somebody may do raises the generation, by which others see it", async () => {
  const metadata = await openSqlite(":memory:");
  let [accountId, groupId, id] = [0, 0, 0];
  const subject = "signed-in";
  const node = { path: "team", visibility: "public" } as const;
  const mapping = () => ({ groupId, source: "ldap:corp", externalName: "all" });
  const changes: Record<string, (queries: Queries) => Promise<unknown>> = {
    insertAccount: async (queries) => (accountId = await insertAccount(queries, newAccount("anna"))),
    insertGroup: async (queries) =>
      (groupId = await insertGroup(queries, { name: "all", description: null, nowMs: 1 })),
    putGroupMember: (queries) => putGroupMember(queries, { groupId, accountId, source: "local" }),
    removeGroupMember: (queries) => removeGroupMember(queries, { groupId, accountId, source: "local" }),
    putGroupMapping: (queries) => putGroupMapping(queries, mapping()),
    removeGroupMapping: (queries) => removeGroupMapping(queries, mapping()),
    removeGroup: (queries) => removeGroup(queries, groupId),
    putVisibility: (queries) => putVisibility(queries, { ...node, nowMs: 1 }),
    removeNamespace: (queries) => removeNamespace(queries, node.path),
    putRole: (queries) => putRole(queries, { path: "team", subject, role: "reader", nowMs: 1 }),
    removeRole: (queries) => removeRole(queries, { path: "team", subject }),
    insertGrant: async (queries) => {
      const grant = { subject, pathPattern: "**", tagPattern: null, actions: ["pull"], createdAtMs: 1 };
      id = await insertGrant(queries, { ...grant, expiresAtMs: null });
    },
    removeGrant: (queries) => removeGrant(queries, id),
  };
  const unseen: string[] = [];
  let last = (await loadAccessRules(metadata.reads)).generation;
  for (const [name, change] of Object.entries(changes)) {
    await metadata.transaction(change);
    const { generation } = await loadAccessRules(metadata.reads);
    if (generation <= last) unseen.push(name);
    last = generation;
  }
  expect(unseen).toEqual([]);
  await metadata.close();
});
