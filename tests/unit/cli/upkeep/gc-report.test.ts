import { expect, test } from "bun:test";
import type { ContentExplanation } from "../../../../src/app/index.ts";
import { describeExplanation } from "../../../../src/cli/upkeep/gc-report.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { contentOf } from "../../../support/oci-content.ts";

const { digest } = contentOf("a manifest");
const repository = "team/app" as RepositoryName;
const NOTHING: ContentExplanation = {
  digest,
  blob: undefined,
  links: [],
  manifests: [],
  inUse: [],
  bin: [],
  removals: [],
};
const removal = {
  kind: "manifest",
  digest,
  repository,
  sizeBytes: 1,
  reason: "no tag and no index names it",
  run: "5f3a",
  atMs: 0,
  lastTag: undefined,
} as const;
const lastTag = { tag: "1.0" as Tag, digest: null, atMs: 1, cause: "delete", actor: "anna" } as const;

const ROWS: readonly (readonly [string, Partial<ContentExplanation>, string])[] = [
  [
    "the node that protects it",
    { manifests: [{ repository, keeper: { kind: "protected", node: "team" }, candidateSinceMs: null }] },
    "manifest in team/app: protected by team",
  ],
  [
    "that the root protects it",
    { manifests: [{ repository, keeper: { kind: "protected", node: "" }, candidateSinceMs: null }] },
    "manifest in team/app: protected by the root",
  ],
  [
    "the run by hand that removed it",
    { removals: [removal] },
    "manifest removed from team/app at 1970-01-01T00:00:00.000Z by run 5f3a: no tag and no index names it",
  ],
  ["the job that did", { removals: [{ ...removal, run: "job 12" }] }, "by job 12: no tag"],
  ["the request that did", { removals: [{ ...removal, run: "request 77" }] }, "by request 77: no tag"],
  [
    "who deleted the last tag",
    { removals: [{ ...removal, lastTag }] },
    "names it; its last tag 1.0 was deleted at 1970-01-01T00:00:00.001Z (delete by anna)",
  ],
  [
    "where the last tag went",
    { removals: [{ ...removal, lastTag: { ...lastTag, digest, cause: "push", actor: null } }] },
    `its last tag 1.0 was moved to ${digest} at 1970-01-01T00:00:00.001Z (push)\n`,
  ],
];

test.each(ROWS)("gc explain tells %s", (_, part, line) => {
  expect(describeExplanation({ ...NOTHING, ...part })).toContain(line);
});
