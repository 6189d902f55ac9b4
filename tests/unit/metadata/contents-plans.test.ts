import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  countRepositories,
  findBlobsElsewhere,
  findManifestTies,
  findPresentManifests,
  listManifestStandings,
  listSizedBlobs,
  type MetadataDatabase,
  openSqlite,
  type Queries,
} from "../../../src/metadata/index.ts";
import { digestOf } from "../../../src/oci/index.ts";
import { planOf } from "../../support/plan-of.ts";

let metadata: MetadataDatabase;
beforeAll(async () => {
  metadata = await openSqlite(":memory:");
});
afterAll(() => metadata.close());

const digest = digestOf(new Uint8Array());
const page = { afterId: 0, limit: 10 };

// What is large may only be searched; one look for each repository is meant where it says so.
test.each([
  ["why a manifest stays", (queries: Queries) => listManifestStandings(queries, digest, 10), ["SCAN r "]],
  ["the blobs of a repository", (queries: Queries) => listSizedBlobs(queries, 1, page), []],
  ["who else has blobs", (queries: Queries) => findBlobsElsewhere(queries, "team", [1]), ["SCAN j "]],
  ["what a node has", (queries: Queries) => countRepositories(queries, "team", { after: "", limit: 5 }), []],
  ["what keeps a manifest", (queries: Queries) => findManifestTies(queries, [1]), ["SCAN c ", "SCAN (subquery"]],
  ["whether a manifest is there", (queries: Queries) => findPresentManifests(queries, [[1, digest]]), ["SCAN c "]],
] as const)("%s is found by looks into indexes", async (_, ask, scanned) => {
  const scans = (await planOf(metadata, ask)).filter((detail) => detail.startsWith("SCAN "));
  expect(scans.filter((scan) => !scanned.some((known) => scan.startsWith(known)))).toEqual([]);
});
