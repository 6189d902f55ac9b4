import { Database } from "bun:sqlite";
import { afterAll, describe, expect, spyOn, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import {
  ensureRepository,
  linkBlob,
  listAllRepositories,
  type MetadataDatabase,
  MetadataError,
  openSqlite,
  putBlob,
} from "../../../src/metadata/index.ts";
import { openConnection } from "../../../src/metadata/sqlite/bun-sqlite.ts";
import type { RepositoryName } from "../../../src/oci/index.ts";
import { contentOf } from "../../support/oci-content.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const app = "app" as RepositoryName;

/** Of this process. */
function openFiles(): readonly string[] {
  const folder = "/proc/self/fd";
  return readdirSync(folder).map((name) => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      return "";
    }
  });
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MetadataError) return error.reason;
    throw error;
  }
  return "no error";
}

test("rows are there after closing and opening again", async () => {
  const path = join(folder, "again.db");
  const first = await openSqlite(path);
  await first.transaction((queries) => ensureRepository(queries, app, 1));
  await first.close();
  const second = await openSqlite(path);
  expect(await listAllRepositories(second.reads, { after: "", limit: 9 })).toEqual([app]);
  await second.close();
});

test("values reach a query as what they are", async () => {
  const db = await openSqlite(":memory:");
  const bytes = new Uint8Array([49]);
  const { rows } =
    await sql`select ${"007"} as text, ${7} as whole, ${0.5} as real, ${null} as missing, ${bytes} as bytes,
    typeof(${"1"}) as textType, typeof(${bytes}) as bytesType, ${"7"} = ${7} as isSame`.execute(db.reads);
  const types = { textType: "text", bytesType: "blob", isSame: 0 };
  expect(rows).toEqual([{ text: "007", whole: 7, real: 0.5, missing: null, bytes, ...types }]);
  await db.close();
});

test("a database that was only opened is closed, too", async () => {
  const path = join(folder, "unused.db");
  const db = await openSqlite(path);
  expect(openFiles()).toContain(path);
  await db.close();
  expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
});

test("the log is kept short while much is written, and nothing of it stays open", async () => {
  const path = join(folder, "long.db");
  const db = await openSqlite(path);
  const large = "x".repeat(1_000_000);
  for (let turn = 0; turn < 30; turn++) {
    await db.transaction(async (queries) => {
      await sql`insert into blobs (digest, size_bytes, storage_key, created_at_ms)
        values (${`${turn}`}, 1, ${large}, 1)`.execute(queries);
    });
  }
  // The thread works on it beside us.
  await until("pages are in the database", () => statSync(path).size > 1_000_000);
  await db.close();
  expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test("a committed row is in the files before the database is closed", async () => {
  const path = join(folder, "open.db");
  const db = await openSqlite(path);
  await db.transaction((queries) => ensureRepository(queries, app, 1));
  const other = new Database(path, { readonly: true });
  expect(other.query("select name from repositories").all()).toEqual([{ name: "app" }]);
  other.close();
  await db.close();
});

test("two processes may write in turn", async () => {
  const path = join(folder, "two.db");
  const [one, two] = [await openSqlite(path), await openSqlite(path)];
  await one.transaction((queries) => ensureRepository(queries, app, 1));
  await two.transaction((queries) => ensureRepository(queries, "b" as RepositoryName, 1));
  expect((await listAllRepositories(one.reads, { after: "", limit: 9 })).length).toBe(2);
  await one.close();
  await two.close();
});

test("a file that is no database is refused with the way out", async () => {
  const path = join(folder, "damaged.db");
  writeFileSync(path, "this is not a database, but long enough to be read as one".repeat(100));
  expect(await reasonOf(openSqlite(path))).toBe("corrupt");
});

test("a database of a newer version is refused", async () => {
  const path = join(folder, "newer.db");
  await (await openSqlite(path)).close();
  const raw = new Database(path);
  raw.run("insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01')");
  raw.close();
  expect(await reasonOf(openSqlite(path))).toBe("incompatible");
});

test("a folder that cannot be made is an error with a reason", async () => {
  writeFileSync(join(folder, "file"), "");
  expect(await reasonOf(openSqlite(join(folder, "file", "berth.db")))).toBe("readonly");
});

test("a new database and its log are for their owner alone; one that is there keeps its mode", async () => {
  const path = join(folder, "mode.db");
  const modes = () => ["", "-wal", "-shm"].map((suffix) => (statSync(path + suffix).mode & 0o777).toString(8));
  const made = await openSqlite(path);
  expect(modes()).toEqual(["600", "600", "600"]);
  await made.close();
  chmodSync(path, 0o640);
  const again = await openSqlite(path);
  expect(modes()).toEqual(["640", "640", "640"]);
  await again.close();
});

test("a full disk is told as such, and undoes all of the transaction", async () => {
  const db = await openSqlite(join(folder, "full.db"));
  const filling = db.transaction(async (queries) => {
    await ensureRepository(queries, app, 1);
    await sql`pragma max_page_count = 1`.execute(queries);
    await sql`insert into blobs (digest, size_bytes, storage_key, created_at_ms)
      values (${"x".repeat(99_999)}, 1, 'key', 1)`.execute(queries);
  });
  expect(await reasonOf(filling)).toBe("full");
  expect(await listAllRepositories(db.reads, { after: "", limit: 9 })).toEqual([]);
  await db.transaction((queries) => sql`pragma max_page_count = 100000`.execute(queries));
  await db.transaction((queries) => ensureRepository(queries, app, 1));
  await db.close();
});

describe("while another process writes", () => {
  async function openBeside(name: string) {
    const path = join(folder, name);
    const db = await openSqlite(path);
    const other = new Database(path);
    other.run("begin immediate");
    return { db, other };
  }

  test("a transaction waits without holding anything else up", async () => {
    const { db, other } = await openBeside("waits.db");
    const writing = db.transaction((queries) => ensureRepository(queries, app, 1));
    // On one thread this runs only if the wait leaves it.
    const first = await Promise.race([writing.then(() => "written"), Bun.sleep(100).then(() => "something else")]);
    expect(first).toBe("something else");
    expect(await listAllRepositories(db.reads, { after: "", limit: 9 })).toEqual([]);
    other.run("commit");
    await writing;
    expect(await listAllRepositories(db.reads, { after: "", limit: 9 })).toEqual([app]);
    other.close();
    await db.close();
  });
});

test("what is committed is found at once, and by another process soon, though it was looked for before", async () => {
  const path = join(folder, "shared.db");
  const [here, there] = [await openSqlite(path), await openSqlite(path)];
  const blob = { digest: contentOf("x").digest, sizeBytes: 1, storageKey: "one", createdAtMs: 1 };
  const keyIn = async (db: MetadataDatabase) => (await db.hot.findBlobInRepository(app, blob.digest))?.storageKey;
  for (const [db, storageKey] of [
    [here, "one"],
    [there, "two"],
    [here, "three"],
  ] as const) {
    await db.transaction(async (queries) => {
      const blobId = await putBlob(queries, { ...blob, storageKey });
      await linkBlob(queries, await ensureRepository(queries, app, 1), blobId, 1);
    });
    expect(await keyIn(db)).toBe(storageKey);
    for (const each of [here, there]) await until("it is found", async () => (await keyIn(each)) === storageKey);
  }
  await Promise.all([here.close(), there.close()]);
});

describe("when the file is not where it was opened", () => {
  const write = (db: MetadataDatabase) => db.transaction((queries) => ensureRepository(queries, app, 1));

  test("the check fails and names it, until it is back", async () => {
    const path = join(folder, "moved.db");
    const db = await openSqlite(path);
    renameSync(path, `${path}-away`);
    expect(await reasonOf(db.check())).toBe("unavailable");
    expect(await db.check().catch(String)).toContain(path);
    writeFileSync(path, "");
    expect(await reasonOf(db.check())).toBe("unavailable");
    renameSync(`${path}-away`, path);
    await db.check();
    await write(db);
    await db.close();
  });

  test.each(["", "-wal"])("nothing is acknowledged any more once its berth.db%s was removed", async (suffix) => {
    const path = join(folder, `removed${suffix}.db`);
    const db = await openSqlite(path);
    await write(db);
    rmSync(`${path}${suffix}`);
    expect(await reasonOf(write(db))).toBe("unavailable");
    expect(await reasonOf(write(db))).toBe("unavailable");
    expect(await reasonOf(db.check())).toBe("unavailable");
    expect(await reasonOf(db.close())).toBe("unavailable");
    expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
  });
});

test("after a sync that failed nothing is written any more, until a start has read the log back", async () => {
  const path = join(folder, "unsynced.db");
  const db = await openSqlite(path);
  const put = (name: string, durable = true) =>
    db.transaction((queries) => ensureRepository(queries, name as RepositoryName, 1), { durable });
  await put("a");
  const file = await open(path);
  const syncing = spyOn(Object.getPrototypeOf(file) as typeof file, "datasync");
  await file.close();
  syncing.mockRejectedValueOnce(Object.assign(new Error("i/o error"), { code: "EIO" }));
  const before = await put("b").catch(String);
  syncing.mockRestore();
  expect(before).toContain("look at the disk, then restart");
  const names = await listAllRepositories(db.reads, { after: "", limit: 9 });
  for (const act of [() => put("c"), () => put("d", false), () => db.check()])
    expect(await act().catch(String)).toBe(before);
  expect(await listAllRepositories(db.reads, { after: "", limit: 9 })).toEqual(names);
  expect(await reasonOf(db.close())).toBe("unavailable");
  const again = await openSqlite(path);
  await again.transaction((queries) => ensureRepository(queries, "e" as RepositoryName, 1));
  expect(await listAllRepositories(again.reads, { after: "", limit: 9 })).toEqual([...names, "e" as RepositoryName]);
  await again.close();
});

test("statements stay compiled, as many as there are of ours", () => {
  const connection = openConnection(":memory:");
  const texts = Array.from({ length: 150 }, (_, i) => `select ${i}`);
  const statements = texts.map((text) => connection.query(text));
  expect(texts.filter((text, i) => connection.query(text) !== statements[i])).toEqual([]);
  connection.close();
});
