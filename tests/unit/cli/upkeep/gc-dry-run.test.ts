import { expect, test } from "bun:test";
import type { Removal } from "../../../../src/app/index.ts";
import { DryRunJson, type DryRunReport, DryRunTable } from "../../../../src/cli/upkeep/gc-dry-run.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { contentOf } from "../../../support/oci-content.ts";

const TALLY = { candidates: 3, manifests: 1, links: 0, blobs: 1, freedBytes: 2048, failed: 0 };

const blob: Removal = {
  kind: "blob",
  digest: contentOf("a blob").digest,
  repository: null,
  sizeBytes: 2048,
  reason: "no repository has it",
  run: "run-1",
  atMs: 1,
};
const manifest: Removal = { ...blob, kind: "manifest", repository: "team/app" as RepositoryName, sizeBytes: 5 };

async function written(
  open: (write: (text: string) => Promise<void>) => DryRunReport,
  pages: readonly (readonly Removal[])[],
): Promise<string> {
  let text = "";
  const report = open((more) => Promise.resolve(void (text += more)));
  for (const page of pages) await report.add(page);
  await report.end(TALLY);
  return text;
}
const table = (write: (text: string) => Promise<void>) => new DryRunTable(write, undefined);
const json = (write: (text: string) => Promise<void>) => new DryRunJson(write);

test("a table says of each what it is, where, and why it goes", async () => {
  const lines = (await written(table, [[manifest], [blob]])).split("\n");
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ["what", "repository", "digest", "size", "why"],
    ["manifest", "team/app", manifest.digest, "5 bytes", "no repository has it"],
    ["blob", "-", blob.digest, "2.0 KiB", "no repository has it"],
    [expect.stringContaining("Would remove 1 manifest and 1 blob (2.0 KiB)")],
    [""],
  ]);
});

test("a table shows the first thousand, and says how many there are more", async () => {
  const page = Array.from({ length: 600 }, () => blob);
  const lines = (await written(table, [page, page])).split("\n");
  expect(lines.filter((line) => line.startsWith("blob "))).toHaveLength(1000);
  expect(lines.at(-3)).toBe("and 200 more: --json lists all");
});

test("JSON has all of it, on one line", async () => {
  const page = Array.from({ length: 600 }, () => blob);
  const text = await written(json, [page, page, [manifest]]);
  expect(text.trim()).not.toContain("\n");
  const { removals, ...summary } = JSON.parse(text) as { readonly removals: readonly unknown[] };
  expect(summary).toEqual({ ...TALLY, dryRun: true });
  expect(removals).toHaveLength(1201);
  const { kind, repository, digest, sizeBytes, reason } = manifest;
  expect(removals.at(-1)).toEqual({ kind, repository, digest, sizeBytes, reason });
});

test("JSON of nothing is a list of nothing", async () => {
  expect(JSON.parse(await written(json, []))).toEqual({ removals: [], ...TALLY, dryRun: true });
});
