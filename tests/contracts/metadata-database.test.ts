import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "bun:test";
import { openSqlite } from "../../src/metadata/index.ts";
import { describeMetadataDatabase } from "./metadata-database.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-metadata-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
describeMetadataDatabase("SQLite in a file", () => openSqlite(join(folder, `${count++}`, "berth.db")));
describeMetadataDatabase("SQLite in memory", () => openSqlite(":memory:"));
