import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** What lies in a data directory while nobody serves it. */
export interface DataFigures {
  /** Rows of blobs, each with its whole file. */
  readonly blobs: number;
  readonly manifests: number;
  /** Files at the place of a blob that no row names: what a crash between the two leaves. */
  readonly unnamedFiles: number;
  readonly sessions: number;
  readonly unfinishedFiles: number;
}

interface BlobRow {
  readonly digest: string;
  readonly size_bytes: number;
  readonly storage_key: string;
}

/**
 * Looks at database and files as they lie there.
 *
 * @throws when the database is damaged, or a row names bytes that are not there.
 */
export async function checkData(dataDirectory: string): Promise<DataFigures> {
  const database = openCopy(join(dataDirectory, "berth"));
  try {
    requireSound(database);
    const rows = database.query<BlobRow, []>("select digest, size_bytes, storage_key from blobs").all();
    for (const row of rows) await requireBytes(dataDirectory, row);
    const named = new Set(rows.map((row) => row.storage_key));
    const files = filesBelow(join(dataDirectory, "docker/registry/v2/blobs")).filter((file) => file.endsWith("/data"));
    const unnamed = files.filter((file) => !named.has(`docker/registry/v2/blobs/${file}`));
    return {
      blobs: rows.length,
      manifests: countRows(database, "manifests"),
      unnamedFiles: unnamed.length,
      sessions: countRows(database, "uploads"),
      unfinishedFiles: filesBelow(join(dataDirectory, "berth/uploads")).length,
    };
  } finally {
    database.close();
  }
}

export function describeData(figures: DataFigures): string {
  const { blobs, manifests, unnamedFiles, sessions, unfinishedFiles } = figures;
  const unfinished = `${sessions} upload sessions and ${unfinishedFiles} unfinished files`;
  return `${blobs} blobs and ${manifests} manifests sound, ${unnamedFiles} files without a row, ${unfinished} left`;
}

/** Of a copy, so that looking repairs nothing. */
function openCopy(folder: string): Database {
  const copy = makeTemporaryFolder("database");
  for (const name of readdirSync(folder).filter((name) => /^berth\.db(-wal)?$/.test(name))) {
    copyFileSync(join(folder, name), join(copy, name));
  }
  return new Database(join(copy, "berth.db"), { readwrite: true });
}

function requireSound(database: Database): void {
  const told = database.query<{ integrity_check: string }, []>("pragma integrity_check").all();
  const strangers = database.query("pragma foreign_key_check").all();
  if (told.length === 1 && told[0]?.integrity_check === "ok" && strangers.length === 0) return;
  throw new Error(`the database is damaged: ${JSON.stringify([told, strangers])}`);
}

async function requireBytes(dataDirectory: string, row: BlobRow): Promise<void> {
  const bytes = await Bun.file(join(dataDirectory, row.storage_key)).bytes();
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (bytes.byteLength === row.size_bytes && digest === row.digest) return;
  throw new Error(`the file of ${row.digest} (${row.size_bytes} bytes) has ${bytes.byteLength}: ${digest}`);
}

function countRows(database: Database, table: "manifests" | "uploads"): number {
  return database.query<{ count: number }, []>(`select count(*) as count from ${table}`).get()?.count ?? 0;
}

/** Relative to the folder; none when it does not exist. */
function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
