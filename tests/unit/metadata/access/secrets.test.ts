import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  clearSignInFailures,
  findSecret,
  findSecretByHash,
  findSignInFailures,
  insertAccount,
  insertRobotTrust,
  insertSecret,
  listRobotTrusts,
  listRobotTrustsOfIssuer,
  listSecretsOf,
  loadAccessRules,
  type MetadataDatabase,
  type NewSecret,
  openSqlite,
  putSecretExpiry,
  putSecretLastUsed,
  putSignInFailures,
  type Queries,
  removeExpiredSecrets,
  removeOldSignInFailures,
  removeRefreshSecrets,
  removeRobotTrust,
  removeSecret,
} from "../../../../src/metadata/index.ts";

let metadata: MetadataDatabase;
let accountId: number;
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
  accountId = await write((queries) =>
    insertAccount(queries, {
      name: "team+ci",
      kind: "robot",
      source: "local",
      externalId: null,
      displayName: null,
      email: null,
      passwordHash: null,
      mustChangePassword: false,
      systemRole: null,
      ownerPath: "team",
      expiresAtMs: null,
      nowMs: 1,
    }),
  );
});
afterEach(() => metadata.close());

const write = <T>(work: (queries: Queries) => Promise<T>) => metadata.transaction(work);
const insert = (hash: string, more: Partial<NewSecret> = {}) =>
  write((queries) =>
    insertSecret(queries, {
      accountId,
      kind: "robot",
      name: hash,
      hash,
      limits: null,
      expiresAtMs: null,
      nowMs: 1,
      ...more,
    }),
  );
const generation = async () => (await loadAccessRules(metadata.reads)).generation;
const namesOf = async (kind: "robot" | "refresh") =>
  (await listSecretsOf(metadata.reads, { accountId, kind })).map(({ name }) => name);

test("a secret is found by its hash until it is removed, which raises the access generation", async () => {
  const id = await insert("h1", { limits: "[]", expiresAtMs: 9 });
  const expected = { id, accountId, kind: "robot", limits: "[]", createdAtMs: 1, expiresAtMs: 9, lastUsedAtMs: null };
  expect(await findSecretByHash(metadata.reads, "h1")).toEqual({ ...expected, name: "h1" } as never);
  expect(await findSecret(metadata.reads, { accountId, id })).toMatchObject({ name: "h1" });
  expect(await findSecret(metadata.reads, { accountId: accountId + 1, id })).toBeUndefined();
  const before = await generation();
  await write((queries) => putSecretLastUsed(queries, id, 77));
  await write((queries) => putSecretExpiry(queries, id, 99));
  expect(await findSecretByHash(metadata.reads, "h1")).toMatchObject({ lastUsedAtMs: 77, expiresAtMs: 99 });
  expect(await generation()).toBe(before);
  await write((queries) => removeSecret(queries, id));
  expect(await findSecretByHash(metadata.reads, "h1")).toBeUndefined();
  expect(await generation()).toBe(before + 1);
});

test("of refresh tokens those stay that were used last", async () => {
  const ids: number[] = [];
  for (const hash of ["a", "b", "c"]) ids.push(await insert(hash, { kind: "refresh" }));
  await insert("robot's");
  await write((queries) => putSecretLastUsed(queries, ids[0] ?? 0, 50));
  const before = await generation();
  await write((queries) => removeRefreshSecrets(queries, { accountId, keep: 2 }));
  expect([await namesOf("refresh"), await generation()]).toEqual([["a", "c"], before]);
  await write((queries) => removeRefreshSecrets(queries, { accountId, keep: 0 }));
  expect(await generation()).toBe(before + 1);
  expect([await namesOf("refresh"), await namesOf("robot")]).toEqual([[], ["robot's"]]);
});

test("what has expired is removed", async () => {
  await insert("old", { expiresAtMs: 10 });
  await insert("new", { expiresAtMs: 20 });
  await insert("for good");
  await write((queries) => removeExpiredSecrets(queries, 20));
  expect(await namesOf("robot")).toEqual(["new", "for good"]);
});

test("trusts are listed by account and by issuer", async () => {
  const trust = { accountId, issuer: "https://ci", audience: "berth", claims: { ref: "refs/heads/*" }, createdAtMs: 1 };
  const id = await write((queries) => insertRobotTrust(queries, trust));
  expect(await listRobotTrusts(metadata.reads, accountId)).toEqual([{ id, ...trust }]);
  expect(await listRobotTrustsOfIssuer(metadata.reads, "https://ci")).toEqual([{ id, ...trust }]);
  expect(await listRobotTrustsOfIssuer(metadata.reads, "https://c")).toEqual([]);
  const removeOf = (owner: number) => write((queries) => removeRobotTrust(queries, { accountId: owner, id }));
  expect([await removeOf(accountId + 1), await removeOf(accountId), await removeOf(accountId)]).toEqual([
    false,
    true,
    false,
  ]);
});

test("failures are kept by key until they are cleared or old", async () => {
  const put = (key: string, failedAtMs: number, blockedUntilMs: number) =>
    write((queries) => putSignInFailures(queries, { key, failures: 1, failedAtMs, blockedUntilMs }));
  await put("account:a", 10, 0);
  await put("account:a", 20, 30);
  await put("account:b", 10, 0);
  await put("account:c", 10, 99);
  expect(await findSignInFailures(metadata.reads, "account:a")).toEqual({
    key: "account:a",
    failures: 1,
    failedAtMs: 20,
    blockedUntilMs: 30,
  });
  await write((queries) => removeOldSignInFailures(queries, 15));
  const found = async (key: string) => (await findSignInFailures(metadata.reads, key)) !== undefined;
  expect([await found("account:a"), await found("account:b"), await found("account:c")]).toEqual([true, false, true]);
  await write((queries) => clearSignInFailures(queries, "account:a"));
  expect(await found("account:a")).toBe(false);
});
