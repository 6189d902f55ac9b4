import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  ensureExternalAccount,
  type ExternalIdentity,
  findAccount,
  getGroup,
  getUser,
  listGroupMappings,
  listGroupMembers,
  listGroups,
  listGroupsOf,
} from "../../../../src/access/index.ts";
import {
  addGroupMapping,
  addGroupMember,
  createGroup,
  createRobot,
  createUser,
  deleteGroup,
  deleteGroupMapping,
  deleteGroupMember,
  disableUser,
  updateGroup,
} from "../../../support/change-accounts.ts";
import { BY, type OpenAccounts, openAccounts } from "./open-accounts.ts";

let open: OpenAccounts;
beforeEach(async () => {
  open = await openAccounts();
});
afterEach(() => open.metadata.close());

const failure = (act: Promise<unknown>) => act.catch((error: unknown) => error);
const group = (name: string) => createGroup(open.accounts, { name }, BY);
const membersOf = async (name: string) =>
  (await listGroupMembers(open.metadata.reads, name, { after: "", limit: 50 })).map(({ name }) => name);

describe("a group", () => {
  test("is made, renamed and deleted, each recorded", async () => {
    const { id } = await group("team");
    expect(await failure(group("team"))).toMatchObject({ kind: "conflict" });
    expect(await failure(group("Team"))).toMatchObject({ kind: "bad-request" });
    await group("other");
    const rename = (name: string) => updateGroup(open.accounts, { name: "team", changes: { name } }, BY);
    expect(await failure(rename("other"))).toMatchObject({ kind: "conflict" });
    expect(await rename("crew")).toMatchObject({ id, name: "crew" });
    expect((await listGroups(open.metadata.reads, { after: "", limit: 9 })).map(({ name }) => name)).toEqual([
      "crew",
      "other",
    ]);
    await deleteGroup(open.accounts, "crew", BY);
    expect(await failure(getGroup(open.metadata.reads, "crew"))).toMatchObject({ kind: "not-found" });
    expect(await open.acts()).toEqual([
      "group.create success team",
      "group.create success other",
      "group.update success team",
      "group.delete success crew",
    ]);
  });

  test("has users and robots as members, who have its id", async () => {
    const { id } = await group("team");
    await createUser(open.accounts, { name: "anna", password: "correct horse battery" }, BY);
    await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
    for (const member of ["anna", "team+ci", "anna"])
      await addGroupMember(open.accounts, { group: "team", member }, BY);
    expect(await membersOf("team")).toEqual(["anna", "team+ci"]);
    const anna = await findAccount(open.metadata.reads, "anna");
    expect(anna?.groupIds).toEqual([id]);
    expect(await listGroupsOf(open.metadata.reads, anna?.id ?? 0)).toMatchObject([{ name: "team" }]);
    await deleteGroupMember(open.accounts, { group: "team", member: "anna" }, BY);
    expect(await membersOf("team")).toEqual(["team+ci"]);
    expect(await failure(deleteGroupMember(open.accounts, { group: "team", member: "anna" }, BY))).toMatchObject({
      kind: "not-found",
    });
    expect((await open.acts()).filter((act) => act.startsWith("group.member"))).toHaveLength(3);
  });
});

describe("somebody whom a directory vouches for", () => {
  const anna: ExternalIdentity = {
    name: "Anna",
    externalId: "e-1",
    displayName: "Anna M.",
    email: "a@example.com",
    groups: ["CN=Devs", "cn=ops"],
  };
  const signIn = (identity: Partial<ExternalIdentity> = {}, source = "ldap:corp") =>
    ensureExternalAccount(open.accounts, { source, identity: { ...anna, ...identity } }, BY);

  test("has an account from the first time on", async () => {
    const account = await signIn();
    expect(account).toMatchObject({ name: "Anna", kind: "user", source: "ldap:corp", groupIds: [] });
    const generation = await open.accessGeneration();
    expect(await signIn()).toEqual(account);
    expect(await open.accessGeneration()).toBe(generation);
    expect(await open.acts()).toEqual(["user.create success Anna"]);
  });

  test("is in the groups that the directory says, as long as it does", async () => {
    const [devs, ops, local] = [await group("devs"), await group("ops"), await group("local")];
    for (const [name, externalName] of [
      ["devs", "cn=devs"],
      ["ops", "cn=ops"],
    ] as const)
      await addGroupMapping(open.accounts, { group: name, source: "ldap:corp", externalName }, BY);
    await addGroupMapping(open.accounts, { group: "local", source: "ldap:other", externalName: "cn=ops" }, BY);
    expect((await signIn()).groupIds).toEqual([devs.id, ops.id]);
    await addGroupMember(open.accounts, { group: "local", member: "Anna" }, BY);
    expect(await failure(deleteGroupMember(open.accounts, { group: "ops", member: "Anna" }, BY))).toMatchObject({
      kind: "conflict",
    });
    const generation = await open.accessGeneration();
    expect((await signIn({ groups: undefined })).groupIds).toEqual([devs.id, ops.id, local.id]);
    expect(await open.accessGeneration()).toBe(generation);
    expect((await signIn({ groups: ["cn=ops"] })).groupIds).toEqual([ops.id, local.id]);
    expect(await open.accessGeneration()).toBeGreaterThan(generation);
    expect((await signIn({ groups: [] })).groupIds).toEqual([local.id]);
  });

  test("is out of a group at once whose mapping goes", async () => {
    await group("devs");
    const mapping = { group: "devs", source: "ldap:corp", externalName: "cn=devs" };
    await addGroupMapping(open.accounts, mapping, BY);
    await signIn();
    expect(await membersOf("devs")).toEqual(["Anna"]);
    expect(await listGroupMappings(open.metadata.reads, "devs")).toEqual([mapping]);
    await deleteGroupMapping(open.accounts, mapping, BY);
    expect(await membersOf("devs")).toEqual([]);
    expect(await failure(deleteGroupMapping(open.accounts, mapping, BY))).toMatchObject({ kind: "not-found" });
    expect(await failure(addGroupMapping(open.accounts, { ...mapping, source: "local" }, BY))).toMatchObject({
      kind: "bad-request",
    });
  });

  test("of a provider that tells upper from lower case is in the group of that very name", async () => {
    await group("devs");
    await addGroupMapping(open.accounts, { group: "devs", source: "oidc:corp", externalName: "cn=devs" }, BY);
    expect((await signIn({ groups: ["CN=Devs"] }, "oidc:corp")).groupIds).toEqual([]);
    expect((await signIn({ groups: ["cn=devs"] }, "oidc:corp")).groupIds).toHaveLength(1);
  });

  test("keeps the account under another name, unless somebody has it", async () => {
    const { id } = await signIn();
    expect(await signIn({ name: "anna.b", email: "b@example.com" })).toMatchObject({ id, name: "anna.b" });
    expect(await getUser(open.metadata.reads, "anna.b")).toMatchObject({
      email: "b@example.com",
      displayName: "Anna M.",
    });
    await createUser(open.accounts, { name: "ben", password: "correct horse battery" }, BY);
    expect(await signIn({ name: "ben" })).toMatchObject({ id, name: "anna.b" });
    expect(await signIn({ name: "team+ci" })).toMatchObject({ id, name: "anna.b" });
  });

  test("is named in the audit trail as the account is, not as the directory would have it", async () => {
    await createUser(open.accounts, { name: "ben", password: "correct horse battery" }, BY);
    await signIn();
    await signIn({ name: "ben", email: "b@example.com" });
    await signIn({ name: "anna.b", email: "b@example.com" });
    expect(await open.acts()).toEqual([
      "user.create success ben",
      "user.create success Anna",
      "user.update success Anna",
      "user.update success anna.b",
    ]);
  });

  test("never gets the account of another, be it local, of another source, or of one who had the name before", async () => {
    await createUser(open.accounts, { name: "ben", password: "correct horse battery" }, BY);
    await signIn();
    const attempts = [
      signIn({ name: "ben", externalId: "e-2" }),
      signIn({ name: "Anna", externalId: "e-1" }, "ldap:other"),
      signIn({ name: "Anna", externalId: "e-2" }),
      signIn({ name: "team+ci", externalId: "e-3" }),
    ];
    for (const error of await Promise.all(attempts.map(failure))) expect(error).toMatchObject({ kind: "conflict" });
    expect(await getUser(open.metadata.reads, "ben")).toMatchObject({ source: "local" });
  });

  test("stays disabled", async () => {
    await signIn();
    await disableUser(open.accounts, "Anna", BY);
    expect(await signIn({ email: "c@example.com" })).toMatchObject({ isDisabled: true });
  });

  test("has one account, however many sign-ins come at once", async () => {
    const accounts = await Promise.all(Array.from({ length: 5 }, () => signIn()));
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(1);
  });
});
