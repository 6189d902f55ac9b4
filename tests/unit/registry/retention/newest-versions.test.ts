import { expect, test } from "bun:test";
import { newestVersions } from "../../../../src/registry/retention/newest-versions.ts";
import type { VersionRule } from "../../../../src/registry/retention/retention-rule.ts";

const TAGS = [
  "1 1.4 1.5 2 2.0 latest v2.0 3".split(" "),
  "1.4.1 1.4.9 1.4.10 1.5.0 v1.5.0 1.5.1 2.0.0 2.0.1 2.1.0".split(" "),
  "1.5.1-alpine 1.5.2-alpine 2.0.0-rc.1 2.0.0-rc.10 2.0.0-rc.9 2-alpine 1.5-alpine".split(" "),
].flat();

test.each<[VersionRule, string]>([
  [{}, "1 1.4 1.5 2 2.0 v2.0 1.4.10 1.5.1 2.0.1 2.1.0 1.5.2-alpine 1.5-alpine 2.0.0-rc.10"],
  [{ minors: 1, majors: 1 }, "2 2.1.0 1.5.2-alpine 1.5-alpine 2.0.0-rc.10"],
  [
    { patches: 2, minors: 1 },
    "1 1.5 2 1.5.0 v1.5.0 1.5.1 2.1.0 1.5.1-alpine 1.5.2-alpine 1.5-alpine 2.0.0-rc.10 2.0.0-rc.9",
  ],
])("%j keeps the newest of each line, and what stands for them", (rule, expected) =>
  expect([...newestVersions(TAGS, rule)].toSorted()).toEqual(expected.split(" ").toSorted()),
);

test("what is no version is none of them", () =>
  expect([...newestVersions(["latest", "v", "1.2.3.4", "1.2.x", "main-12", "-1", "1.2.3+4"], {})]).toEqual([]));
