import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  findGroupRecord,
  findGroupRecordById,
  insertAccount,
  insertGroup,
  listGroupIdsBySource,
  listGroupIdsOf,
  listGroupMappings,
  listGroupMappingsOfSource,
  listGroupMembers,
  listGroupRecords,
  listGroupRecordsOf,
  loadAccessRules,
  type MetadataDatabase,
  openSqlite,
  putGroupMapping,
  putGroupMember,
  putRole,
  type Queries,
  removeGroup,
  removeGroupMapping,
  removeGroupMember,
  updateGroup,
} from "../../../../src/metadata/index.ts";
import { newAccount } from "../../../support/new-account.ts";

let metadata: MetadataDatabase;
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
});
afterEach(() => metadata.close());

const write = <T>(work: (queries: Queries) => Promise<T>) => metadata.transaction(work);
const group = (name: string) => write((queries) => insertGroup(queries, { name, description: null, nowMs: 1 }));
const account = (name: string) => write((queries) => insertAccount(queries, newAccount(name)));
const generation = async () => (await loadAccessRules(metadata.reads)).generation;

test("groups are listed by name, renamed, and gone with their rules", async () => {
  const [b, a] = [await group("b"), await group("a")];
  await write((queries) => updateGroup(queries, b, { name: "c", description: "all", nowMs: 2 }));
  await write((queries) => putRole(queries, { path: "x", subject: `group:${b}`, role: "reader", nowMs: 1 }));
  const names = async (after: string) =>
    (await listGroupRecords(metadata.reads, { after, limit: 5 })).map(({ name }) => name);
  expect([await names(""), await names("a")]).toEqual([["a", "c"], ["c"]]);
  expect(await findGroupRecordById(metadata.reads, b)).toMatchObject({ description: "all", updatedAtMs: 2 });
  expect(await write((queries) => removeGroup(queries, b))).toBe(true);
  expect(await write((queries) => removeGroup(queries, b))).toBe(false);
  expect(await findGroupRecord(metadata.reads, "c")).toBeUndefined();
  expect((await loadAccessRules(metadata.reads)).roles).toEqual([]);
  expect(await names("")).toEqual(["a"]);
  expect(a).toBeGreaterThan(b);
});

test("a member counts once, however many sources say so", async () => {
  const [team, anna, ben] = [await group("team"), await account("anna"), await account("ben")];
  const put = (accountId: number, source: string) =>
    write((queries) => putGroupMember(queries, { groupId: team, accountId, source }));
  expect([await put(anna, "local"), await put(anna, "local"), await put(anna, "ldap:x")]).toEqual([true, false, true]);
  await put(ben, "local");
  expect(await listGroupIdsOf(metadata.reads, anna)).toEqual([team]);
  expect(await listGroupRecordsOf(metadata.reads, anna)).toMatchObject([{ name: "team" }]);
  expect(await listGroupIdsBySource(metadata.reads, { accountId: anna, source: "ldap:x" })).toEqual([team]);
  const page = await listGroupMembers(metadata.reads, team, { after: "", limit: 1 });
  expect(page.map(({ name, source }) => [name, source])).toEqual([
    ["anna", "ldap:x"],
    ["anna", "local"],
  ]);
  expect(await listGroupMembers(metadata.reads, team, { after: "anna", limit: 1 })).toMatchObject([{ name: "ben" }]);
  const remove = () =>
    write((queries) => removeGroupMember(queries, { groupId: team, accountId: anna, source: "local" }));
  expect([await remove(), await remove()]).toEqual([true, false]);
  expect(await listGroupIdsOf(metadata.reads, anna)).toEqual([team]);
});

test("only what changes a membership raises the access generation", async () => {
  const [team, anna] = [await group("team"), await account("anna")];
  const membership = { groupId: team, accountId: anna, source: "local" };
  const before = await generation();
  await write((queries) => putGroupMember(queries, membership));
  expect(await generation()).toBe(before + 1);
  await write((queries) => putGroupMember(queries, membership));
  expect(await generation()).toBe(before + 1);
  await write((queries) => removeGroupMember(queries, membership));
  expect(await generation()).toBe(before + 2);
});

test("a mapping that goes takes those of its source out of the group", async () => {
  const [team, anna, ben] = [await group("team"), await account("anna"), await account("ben")];
  const mapping = { groupId: team, source: "ldap:x", externalName: "cn=team" };
  const put = () => write((queries) => putGroupMapping(queries, mapping));
  expect([await put(), await put()]).toEqual([true, false]);
  expect(await listGroupMappings(metadata.reads, team)).toEqual([mapping]);
  expect(await listGroupMappingsOfSource(metadata.reads, "ldap:x")).toEqual([mapping]);
  expect(await listGroupMappingsOfSource(metadata.reads, "ldap:y")).toEqual([]);
  await write((queries) => putGroupMember(queries, { groupId: team, accountId: anna, source: "ldap:x" }));
  await write((queries) => putGroupMember(queries, { groupId: team, accountId: ben, source: "local" }));
  const remove = () => write((queries) => removeGroupMapping(queries, mapping));
  expect([await remove(), await remove()]).toEqual([true, false]);
  const members = await listGroupMembers(metadata.reads, team, { after: "", limit: 9 });
  expect(members.map(({ name }) => name)).toEqual(["ben"]);
});
