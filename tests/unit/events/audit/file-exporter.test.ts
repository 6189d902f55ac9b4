import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createFileExporter } from "../../../../src/events/audit/file-exporter.ts";
import { auditLine } from "../../../../src/events/index.ts";
import { auditRecord, auditRecords } from "../../../support/audit-records.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

const unstopped = new AbortController().signal;
const pathOfNew = () => join(makeTemporaryFolder("audit"), "audit.jsonl");
const linesIn = (path: string) => readFileSync(path, "utf8").split("\n");
const linesOf = (first: number, last: number) => auditRecords(first, last).map(auditLine);

test("each act is a line, behind what is there, for nobody else to read", async () => {
  const path = pathOfNew();
  const exporter = createFileExporter(path);
  await exporter.send(auditRecords(1, 2), unstopped);
  await exporter.send([auditRecord(3)], unstopped);
  expect(linesIn(path)).toEqual([...linesOf(1, 3), ""]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a file that was moved away is begun again", async () => {
  const path = pathOfNew();
  const exporter = createFileExporter(path);
  await exporter.send(auditRecords(1, 1), unstopped);
  renameSync(path, `${path}.1`);
  await exporter.send(auditRecords(2, 2), unstopped);
  expect([linesIn(`${path}.1`), linesIn(path)]).toEqual([
    [...linesOf(1, 1), ""],
    [...linesOf(2, 2), ""],
  ]);
});

test("half a line that a crash left stays alone", async () => {
  const path = pathOfNew();
  appendFileSync(path, '{"sequence":1,"ti');
  await createFileExporter(path).send(auditRecords(1, 2), unstopped);
  expect(linesIn(path)).toEqual(['{"sequence":1,"ti', ...linesOf(1, 2), ""]);
});

test("a folder that is not there is an error", async () => {
  const failure = await createFileExporter(join(pathOfNew(), "no", "such"))
    .send(auditRecords(1, 1), unstopped)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "ENOENT" });
});
