import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { createFirstAdministrator, findAccount, findUser, getUser, listUsers } from "../../../../src/access/index.ts";
import {
  addGroupMember,
  changePassword,
  createGroup,
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  type NewUser,
  resetPassword,
  updateUser,
} from "../../../support/change-accounts.ts";
import { findAccountRecord, insertSecret, listSecretsOf } from "../../../../src/metadata/index.ts";
import { BY, type OpenAccounts, openAccounts } from "./open-accounts.ts";

const PASSWORD = "correct horse battery";
const OTHER = "another good password";

let open: OpenAccounts;
beforeEach(async () => {
  open = await openAccounts();
});
afterEach(() => open.metadata.close());

const create = (name: string, more: Partial<NewUser> = {}) =>
  createUser(open.accounts, { name, password: PASSWORD, mustChangePassword: false, ...more }, BY);
const generationOf = async (name: string) => (await findAccount(open.metadata.reads, name))?.generation ?? NaN;
const failure = (act: Promise<unknown>) => act.catch((error: unknown) => error);

describe("a user", () => {
  test("is what was said, without a hash, and is recorded", async () => {
    const user = await create("anna", { displayName: "Anna M.", email: "a@example.com", systemRole: "auditor" });
    expect(user).toEqual({
      id: user.id,
      name: "anna",
      source: "local",
      displayName: "Anna M.",
      email: "a@example.com",
      systemRole: "auditor",
      isDisabled: false,
      mustChangePassword: false,
      createdAtMs: open.time.atMs,
      updatedAtMs: open.time.atMs,
      lastUsedAtMs: undefined,
    });
    expect(await getUser(open.metadata.reads, "anna")).toEqual(user);
    const record = await findAccountRecord(open.metadata.reads, "anna");
    expect(record?.passwordHash).toStartWith("$argon2id$v=19$m=8,t=1,p=1$");
    expect(await open.acts()).toEqual(["user.create success anna"]);
  });

  test("has a password to change unless it is said otherwise", async () => {
    expect(await create("anna", { mustChangePassword: undefined })).toMatchObject({ mustChangePassword: true });
  });

  test("has a name that none has, a good password and one line of each", async () => {
    await create("anna");
    expect(await failure(create("anna"))).toMatchObject({ kind: "conflict" });
    for (const wrong of [{ name: "Ben" }, { password: "short" }, { email: "ben" }, { displayName: "a\nb" }])
      expect(await failure(create("ben", wrong))).toMatchObject({ kind: "bad-request" });
    expect(await open.acts()).toHaveLength(1);
    expect(await findUser(open.metadata.reads, "ben")).toBeUndefined();
  });

  test("is made once by two at once", async () => {
    const settled = await Promise.allSettled([create("anna"), create("anna")]);
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("is listed by name", async () => {
    for (const name of ["c", "a", "b"]) await create(name);
    const names = async (after: string, limit: number) =>
      (await listUsers(open.metadata.reads, { after, limit })).map(({ name }) => name);
    expect([await names("", 2), await names("b", 2)]).toEqual([["a", "b"], ["c"]]);
  });

  test("changes in what is named", async () => {
    const before = await create("anna", { email: "a@example.com" });
    open.time.atMs += 5;
    const update = (changes: Parameters<typeof updateUser>[1]["changes"]) =>
      updateUser(open.accounts, { name: "anna", changes }, BY);
    expect(await update({ displayName: "A" })).toMatchObject({
      displayName: "A",
      email: "a@example.com",
      createdAtMs: before.createdAtMs,
      updatedAtMs: before.updatedAtMs + 5,
    });
    expect(await update({ email: null })).toMatchObject({ displayName: "A", email: undefined });
    expect(await failure(update({ email: "x" }))).toMatchObject({ kind: "bad-request" });
  });

  test("that there is not, is not found", async () => {
    const acts = [
      getUser(open.metadata.reads, "nobody"),
      disableUser(open.accounts, "nobody", BY),
      deleteUser(open.accounts, "nobody", BY),
      resetPassword(open.accounts, { name: "nobody", password: PASSWORD }, BY),
    ];
    for (const error of await Promise.all(acts.map(failure))) expect(error).toMatchObject({ kind: "not-found" });
  });
});

describe("the generation of a user", () => {
  test("rises with all that ends tokens, and not with what does not", async () => {
    await create("anna");
    await createGroup(open.accounts, { name: "team" }, BY);
    const rises = async (act: () => Promise<unknown>) => {
      const before = await generationOf("anna");
      await act();
      return (await generationOf("anna")) > before;
    };
    const change = { name: "anna", oldPassword: OTHER, newPassword: PASSWORD };
    expect([
      await rises(() => updateUser(open.accounts, { name: "anna", changes: { displayName: "A" } }, BY)),
      await rises(() => addGroupMember(open.accounts, { group: "team", member: "anna" }, BY)),
      await rises(() => enableUser(open.accounts, "anna", BY)),
      await rises(() => disableUser(open.accounts, "anna", BY)),
      await rises(() => resetPassword(open.accounts, { name: "anna", password: OTHER }, BY)),
      await rises(() => enableUser(open.accounts, "anna", BY)),
      await rises(() => changePassword(open.accounts, change, BY)),
    ]).toEqual([false, false, false, true, true, false, true]);
  });

  test.each([
    ["disabled", 1, () => disableUser(open.accounts, "anna", BY)],
    ["reset", 0, () => resetPassword(open.accounts, { name: "anna", password: OTHER }, BY)],
  ])("and refresh tokens are gone when it is %s, and %d personal one stays", async (_, personal, act) => {
    const { id: accountId } = await create("anna");
    const secret = { accountId, name: "x", limits: null, expiresAtMs: null, nowMs: 1 };
    await open.metadata.transaction(async (queries) => {
      await insertSecret(queries, { ...secret, kind: "refresh", hash: "r" });
      await insertSecret(queries, { ...secret, kind: "personal", hash: "p" });
    });
    await act();
    const count = async (kind: "refresh" | "personal") =>
      (await listSecretsOf(open.metadata.reads, { accountId, kind })).length;
    expect([await count("refresh"), await count("personal")]).toEqual([0, personal]);
  });
});

describe("a password", () => {
  test("that was reset has to be changed, by who knows it, into another", async () => {
    await create("anna");
    await resetPassword(open.accounts, { name: "anna", password: OTHER }, BY);
    expect(await getUser(open.metadata.reads, "anna")).toMatchObject({ mustChangePassword: true });
    const change = (oldPassword: string, newPassword: string) =>
      failure(changePassword(open.accounts, { name: "anna", oldPassword, newPassword }, BY));
    expect(await change(PASSWORD, "one more good password")).toMatchObject({ kind: "login-failed" });
    expect(await change(OTHER, OTHER)).toMatchObject({ kind: "bad-request" });
    expect(await change(OTHER, "short")).toMatchObject({ kind: "bad-request" });
    expect(await change(OTHER, PASSWORD)).toBeUndefined();
    expect(await getUser(open.metadata.reads, "anna")).toMatchObject({ mustChangePassword: false });
    expect((await open.acts()).slice(1)).toEqual([
      "user.password success anna",
      "user.password failure anna",
      "user.password success anna",
    ]);
  });

  test("that was changed meanwhile is not changed by who knew the one before", async () => {
    await create("anna");
    const change = (newPassword: string) =>
      changePassword(open.accounts, { name: "anna", oldPassword: PASSWORD, newPassword }, BY);
    const hashing = spyOn(open.accounts.passwords, "hash");
    hashing.mockImplementationOnce(async (password) => {
      hashing.mockRestore();
      await change(OTHER);
      return open.accounts.passwords.hash(password);
    });
    expect(await failure(change("one more good password"))).toMatchObject({ kind: "login-failed" });
    const { passwordHash } = (await findAccountRecord(open.metadata.reads, "anna")) ?? {};
    expect(await open.accounts.passwords.verify(OTHER, passwordHash ?? undefined)).toBe(true);
  });

  test("is not guessed by changing it", async () => {
    await create("anna");
    const guess = () =>
      failure(changePassword(open.accounts, { name: "anna", oldPassword: "wrong", newPassword: OTHER }, BY));
    for (let attempt = 0; attempt < 5; attempt++) expect(await guess()).toMatchObject({ kind: "login-failed" });
    expect(await guess()).toMatchObject({ kind: "too-many-requests", details: [{ retryAfterSeconds: 1 }] });
  });

  test("of another source is changed there", async () => {
    await create("anna");
    await open.metadata.transaction((queries) =>
      queries.updateTable("accounts").set({ source: "ldap:corp" }).where("name", "=", "anna").execute(),
    );
    expect(await failure(resetPassword(open.accounts, { name: "anna", password: OTHER }, BY))).toMatchObject({
      kind: "conflict",
    });
  });
});

describe("the last administrator", () => {
  const acts = [
    ["disabled", (name: string) => disableUser(open.accounts, name, BY)],
    ["demoted", (name: string) => updateUser(open.accounts, { name, changes: { systemRole: "auditor" } }, BY)],
    ["made nothing", (name: string) => updateUser(open.accounts, { name, changes: { systemRole: null } }, BY)],
    ["deleted", (name: string) => deleteUser(open.accounts, name, BY)],
  ] as const;

  test.each(acts)("is not %s, one of two is", async (_, act) => {
    await create("one", { systemRole: "administrator" });
    await create("two", { systemRole: "administrator" });
    await create("off", { systemRole: "administrator" });
    await disableUser(open.accounts, "off", BY);
    await act("two");
    expect(await failure(act("one"))).toMatchObject({ kind: "conflict" });
    expect(await getUser(open.metadata.reads, "one")).toMatchObject({ isDisabled: false, systemRole: "administrator" });
    await deleteUser(open.accounts, "off", BY);
  });

  test("stays when two go at once", async () => {
    await create("one", { systemRole: "administrator" });
    await create("two", { systemRole: "administrator" });
    const settled = await Promise.allSettled(["one", "two"].map((name) => deleteUser(open.accounts, name, BY)));
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("the first administrator", () => {
  test("is made once by several at once, with a password to change", async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => createFirstAdministrator(open.accounts)));
    const [first, ...others] = made.filter((each) => each !== undefined);
    expect(others).toEqual([]);
    expect(first).toEqual({ name: "admin", password: expect.stringMatching(/^[0-9A-Za-z]{20}$/) });
    expect(await getUser(open.metadata.reads, "admin")).toMatchObject({
      systemRole: "administrator",
      mustChangePassword: true,
    });
    const change = { name: "admin", oldPassword: first?.password ?? "", newPassword: PASSWORD };
    await changePassword(open.accounts, change, BY);
    expect(await open.acts()).toEqual(["user.create success admin", "user.password success admin"]);
  });

  test("is made beside users of other sources", async () => {
    await create("anna");
    expect(await createFirstAdministrator(open.accounts)).toMatchObject({ name: "admin" });
  });

  test.each([
    ["there is one, disabled or not", { name: "anna", systemRole: "administrator" }],
    ["somebody else has the name", { name: "admin" }],
  ] as const)("is not made where %s", async (_, user) => {
    await createUser(open.accounts, { ...user, password: PASSWORD }, BY);
    expect(await createFirstAdministrator(open.accounts)).toBeUndefined();
  });
});
