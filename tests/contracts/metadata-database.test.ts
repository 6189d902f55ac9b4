import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "bun:test";
import { openSqlite } from "../../src/metadata/index.ts";
import { describeAuditTrail } from "./audit-trail.contract.ts";
import { describeMetadataDatabase } from "./metadata-database.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-metadata-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const openFile = () => openSqlite(join(folder, `${count++}`, "berth.db"));
const openMemory = () => openSqlite(":memory:");
for (const describeContract of [describeMetadataDatabase, describeAuditTrail]) {
  describeContract("SQLite in a file", openFile);
  describeContract("SQLite in memory", openMemory);
}
