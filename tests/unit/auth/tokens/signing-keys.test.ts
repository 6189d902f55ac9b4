import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { calculateJwkThumbprint, decodeProtectedHeader } from "jose";
import { join } from "node:path";
import { TOKEN_ALGORITHMS } from "../../../../src/auth/tokens/token-key.ts";
import { listTokenKeys, type MetadataDatabase, openSqlite } from "../../../../src/metadata/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { DAY_MS, failureOf, HOUR_MS, openTokens, START_MS, StandingClock, type TokenParts } from "./token-parts.ts";

const issueFor = async ({ issuer }: TokenParts) =>
  (await issuer.issue({ subject: "alice", generation: 1, access: [] })).token;
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

describe("keys of one process", () => {
  test.each([...TOKEN_ALGORITHMS])("%s: the public half is published, by its thumbprint", async (algorithm) => {
    const parts = await openTokens({ algorithm });
    const [jwk, ...others] = await parts.keys.publicKeys();
    expect(others).toEqual([]);
    expect(jwk).toMatchObject({ alg: algorithm, use: "sig", kid: await calculateJwkThumbprint(jwk ?? {}) });
    expect(jwk).not.toHaveProperty("d");
    expect(decodeProtectedHeader(await issueFor(parts))).toEqual({ typ: "JWT", alg: algorithm, kid: jwk?.kid ?? "" });
  });

  test("the private half is in the database only sealed", async () => {
    const { metadata } = await openTokens();
    const [record] = await listTokenKeys(metadata.reads, START_MS);
    expect(record?.sealedPrivateJwk).toStartWith("v1.");
    expect(JSON.stringify(record)).not.toContain('"d"');
  });

  test("the next is made a day ahead, and signs when the one before has ended", async () => {
    const parts = await openTokens();
    const { clock, keys, verifier } = parts;
    const first = await issueFor(parts);
    clock.ms += 30 * DAY_MS - 1;
    expect(await keys.publicKeys()).toHaveLength(1);
    expect(kidOf(await issueFor(parts))).toBe(kidOf(first));
    clock.ms += 1;
    const early = await issueFor(parts);
    expect(kidOf(early)).toBe(kidOf(first));
    expect(await keys.publicKeys()).toHaveLength(2);
    clock.ms += DAY_MS;
    const late = await issueFor(parts);
    expect(kidOf(late)).not.toBe(kidOf(first));
    expect(await verifier.verify(late)).toMatchObject({ subject: "alice" });
    expect(await keys.publicKeys()).toHaveLength(2);
  });

  test("a key verifies as long as a token of it may be finished with, then it goes", async () => {
    const parts = await openTokens();
    const { clock, keys, metadata, verifier } = parts;
    clock.ms += 31 * DAY_MS - 1000;
    const last = await issueFor(parts);
    clock.ms += 15 * 60_000 - 1;
    expect(await verifier.verify(last)).toMatchObject({ subject: "alice" });
    clock.ms = START_MS + 33 * DAY_MS - 1;
    expect(await keys.find(kidOf(last) ?? "")).toBeDefined();
    clock.ms += 1;
    expect(await keys.find(kidOf(last) ?? "")).toBeUndefined();
    clock.ms += 30 * DAY_MS;
    await issueFor(parts);
    expect((await listTokenKeys(metadata.reads, 0)).map(({ id }) => id)).not.toContain(kidOf(last));
  });

  test("another algorithm gets a key of its own, and the one before verifies on", async () => {
    const before = await openTokens();
    const token = await issueFor(before);
    const after = await openTokens({ metadata: before.metadata, algorithm: "EdDSA" });
    expect(decodeProtectedHeader(await issueFor(after)).alg).toBe("EdDSA");
    expect(await after.verifier.verify(token)).toMatchObject({ subject: "alice" });
    before.clock.ms += 1000;
    expect(await before.verifier.verify(await issueFor(after))).toMatchObject({ subject: "alice" });
  });

  test("with another secret a new key signs, what was signed before holds, and it is told", async () => {
    const before = await openTokens();
    const token = await issueFor(before);
    const after = await openTokens({ metadata: before.metadata, secret: "another" });
    const renewed = await issueFor(after);
    expect(kidOf(renewed)).not.toBe(kidOf(token));
    expect(await after.verifier.verify(token)).toMatchObject({ subject: "alice" });
    expect(after.logged.join()).toContain("sealed with another secret");
    const again = await openTokens({ metadata: before.metadata, secret: "another" });
    expect(kidOf(await issueFor(again))).toBe(kidOf(renewed));
  });

  test("a broken row is left out, told of once, and does no harm", async () => {
    const before = await openTokens();
    await before.metadata.transaction((queries) =>
      queries.updateTable("token_keys").set({ public_jwk: '{"kty":"oct","k":"AAAA"}' }).execute(),
    );
    const after = await openTokens({ metadata: before.metadata });
    expect(await after.verifier.verify(await issueFor(after))).toMatchObject({ subject: "alice" });
    expect(after.logged.filter((message) => message.includes("broken"))).toHaveLength(1);
  });

  test("keys that nobody knows cost a query a second at most", async () => {
    const { metadata } = await openTokens();
    let queries = 0;
    const counted = {
      transaction: metadata.transaction.bind(metadata),
      get reads() {
        queries++;
        return metadata.reads;
      },
    } as MetadataDatabase;
    const { keys, clock } = await openTokens({ metadata: counted });
    const before = queries;
    for (let count = 0; count < 50; count++) expect(await keys.find(`unknown-${count}`)).toBeUndefined();
    expect(queries).toBe(before);
    clock.ms += 1000;
    for (let count = 0; count < 50; count++) expect(await keys.find(`unknown-${count}`)).toBeUndefined();
    expect(queries).toBe(before + 1);
  });

  test("the present key goes on while the next one cannot be kept", async () => {
    const { metadata } = await openTokens();
    const full = {
      reads: metadata.reads,
      transaction: () => Promise.reject(new Error("the disk is full")),
    } as unknown as MetadataDatabase;
    const parts = await openTokens({ metadata: full });
    parts.clock.ms += 30 * DAY_MS + HOUR_MS;
    expect(await parts.verifier.verify(await issueFor(parts))).toMatchObject({ subject: "alice" });
    expect(parts.logged.join()).toContain("the next key for tokens cannot be made");
    parts.clock.ms += DAY_MS;
    expect(await failureOf(() => issueFor(parts))).toMatchObject({ message: "the disk is full" });
  });
});

describe("keys of several processes", () => {
  let folder: string;
  const opened: MetadataDatabase[] = [];
  beforeEach(() => (folder = makeTemporaryFolder("keys")));
  afterEach(async () => {
    for (const metadata of opened.splice(0)) await metadata.close();
    removeTemporaryFolder(folder);
  });

  async function openProcess(clock: StandingClock): Promise<TokenParts> {
    const metadata = await openSqlite(join(folder, "berth.db"));
    opened.push(metadata);
    return openTokens({ metadata, clock });
  }

  test("are the same for all that start at once", async () => {
    const clock = new StandingClock();
    await openProcess(clock).then(({ metadata }) => metadata.transaction((q) => q.deleteFrom("token_keys").execute()));
    const [one, two] = await Promise.all([openProcess(clock), openProcess(clock)]);
    const [first, second] = [await issueFor(one), await issueFor(two)];
    expect(kidOf(first)).toBe(kidOf(second));
    expect(await two.verifier.verify(first)).toMatchObject({ subject: "alice" });
    expect(await one.verifier.verify(second)).toMatchObject({ subject: "alice" });
  });

  test("are found by the others as soon as a token of them comes", async () => {
    const clock = new StandingClock();
    const one = await openProcess(clock);
    const two = await openProcess(clock);
    clock.ms += 45 * DAY_MS;
    const token = await issueFor(one);
    expect(await two.verifier.verify(token)).toMatchObject({ subject: "alice" });
    expect(kidOf(await issueFor(two))).toBe(kidOf(token));
    expect(await two.keys.publicKeys()).toEqual(await one.keys.publicKeys());
  });
});
