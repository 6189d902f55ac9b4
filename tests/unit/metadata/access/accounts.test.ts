import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findAccountRecord,
  findAccountRecordById,
  findExternalAccountRecord,
  hasOtherAdministrator,
  hasAdministrator,
  insertAccount,
  insertGroup,
  insertRobotTrust,
  insertSecret,
  listAccountRecords,
  listGroupIdsOf,
  listRobotTrusts,
  listSecretsOf,
  loadAccessRules,
  type MetadataDatabase,
  type NewAccount,
  openSqlite,
  putGroupMember,
  putRole,
  raiseAccountGeneration,
  removeAccount,
  updateAccount,
} from "../../../../src/metadata/index.ts";
import { newAccount } from "../../../support/new-account.ts";

let metadata: MetadataDatabase;
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
});
afterEach(() => metadata.close());

const insert = (name: string, more: Partial<NewAccount> = {}) =>
  metadata.transaction((queries) => insertAccount(queries, newAccount(name, { nowMs: 1000, ...more })));

const generation = async () => (await loadAccessRules(metadata.reads)).generation;

describe("an account's row", () => {
  test("is what was put in, and is found by name, by id and by what a directory calls it", async () => {
    const id = await insert("anna", { source: "ldap:corp", externalId: "e-1", email: "a@example.com" });
    const record = await findAccountRecord(metadata.reads, "anna");
    expect(record).toMatchObject({ id, name: "anna", source: "ldap:corp", email: "a@example.com", isDisabled: false });
    expect(await findAccountRecordById(metadata.reads, id)).toEqual(record);
    const byExternal = (source: string) => findExternalAccountRecord(metadata.reads, { source, externalId: "e-1" });
    expect(await byExternal("ldap:corp")).toEqual(record);
    expect(await byExternal("ldap:other")).toBeUndefined();
    expect(await findAccountRecord(metadata.reads, "Anna")).toBeUndefined();
  });

  test("changes in what is named only", async () => {
    const id = await insert("anna", { email: "a@example.com", systemRole: "auditor", expiresAtMs: 5 });
    await metadata.transaction((queries) =>
      updateAccount(queries, id, { systemRole: null, isDisabled: true, expiresAtMs: null, nowMs: 2000 }),
    );
    expect(await findAccountRecordById(metadata.reads, id)).toMatchObject({
      email: "a@example.com",
      systemRole: null,
      isDisabled: true,
      expiresAtMs: null,
      createdAtMs: 1000,
      updatedAtMs: 2000,
    });
  });

  test("is gone with all that it was given, and its id is not given out again", async () => {
    const id = await insert("anna");
    await metadata.transaction(async (queries) => {
      const groupId = await insertGroup(queries, { name: "team", description: null, nowMs: 1 });
      await putGroupMember(queries, { groupId, accountId: id, source: "local" });
      await putRole(queries, { path: "team", subject: `account:${id}`, role: "owner", nowMs: 1 });
      await insertSecret(queries, {
        accountId: id,
        kind: "personal",
        name: "s",
        limits: null,
        expiresAtMs: null,
        hash: "h",
        nowMs: 1,
      });
      await insertRobotTrust(queries, { accountId: id, issuer: "i", audience: "a", claims: {}, createdAtMs: 1 });
    });
    await metadata.transaction((queries) => removeAccount(queries, id));
    expect(await listGroupIdsOf(metadata.reads, id)).toEqual([]);
    expect(await listSecretsOf(metadata.reads, { accountId: id, kind: "personal" })).toEqual([]);
    expect(await listRobotTrusts(metadata.reads, id)).toEqual([]);
    expect((await loadAccessRules(metadata.reads)).roles).toEqual([]);
    expect(await insert("anna")).toBeGreaterThan(id);
  });

  test("has a generation that none had before, also under an old name", async () => {
    const seen: number[] = [];
    const look = async (id: number) => seen.push((await findAccountRecordById(metadata.reads, id))?.generation ?? 0);
    const first = await insert("anna");
    await look(first);
    await metadata.transaction((queries) => raiseAccountGeneration(queries, first));
    await look(first);
    await metadata.transaction((queries) => removeAccount(queries, first));
    await look(await insert("anna"));
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  test("raises the access generation with each change", async () => {
    const seen = [await generation()];
    const id = await insert("anna");
    seen.push(await generation());
    for (const change of [
      () => metadata.transaction((queries) => updateAccount(queries, id, { isDisabled: true, nowMs: 1 })),
      () => metadata.transaction((queries) => raiseAccountGeneration(queries, id)),
      () => metadata.transaction((queries) => removeAccount(queries, id)),
    ]) {
      await change();
      seen.push(await generation());
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });
});

test("accounts are listed by name, users and robots apart", async () => {
  for (const name of ["c", "a", "b"]) await insert(name);
  await insert("team+ci", { kind: "robot", ownerPath: "team" });
  await insert("team/app+ci", { kind: "robot", ownerPath: "team/app" });
  const names = async (page: Parameters<typeof listAccountRecords>[1]) =>
    (await listAccountRecords(metadata.reads, page)).map(({ name }) => name);
  expect(await names({ kind: "user", after: "", limit: 2 })).toEqual(["a", "b"]);
  expect(await names({ kind: "user", after: "b", limit: 2 })).toEqual(["c"]);
  expect(await names({ kind: "robot", after: "", limit: 9 })).toEqual(["team+ci", "team/app+ci"]);
  expect(await names({ kind: "robot", ownerPath: "team", after: "", limit: 9 })).toEqual(["team+ci"]);
});

test("knows whether there are users and other administrators", async () => {
  expect(await hasAdministrator(metadata.reads)).toBe(false);
  await insert("team+ci", { kind: "robot", ownerPath: "team" });
  expect(await hasAdministrator(metadata.reads)).toBe(false);
  const [one, two] = [await insert("a", { systemRole: "administrator" }), await insert("b", { systemRole: "auditor" })];
  expect(await hasAdministrator(metadata.reads)).toBe(true);
  expect(await hasOtherAdministrator(metadata.reads, two)).toBe(true);
  expect(await hasOtherAdministrator(metadata.reads, one)).toBe(false);
  await metadata.transaction((queries) => updateAccount(queries, one, { isDisabled: true, nowMs: 1 }));
  expect(await hasOtherAdministrator(metadata.reads, two)).toBe(false);
});
