import { expect, test } from "bun:test";
import { showSubject } from "../../../../src/cli/content/approval-commands.ts";

test.each([
  ["1", "tag 1"],
  ["tags pr-*", "tags pr-*"],
  ["all manifests", "all manifests"],
  ["**", "all repositories"],
  ["** tags pr-*", "tags pr-* of all below"],
  [`sha256:${"0".repeat(64)}`, `sha256:${"0".repeat(64)}`],
])("a request about %s is shown as %s", (subject, shown) => expect(showSubject({ subject })).toBe(shown));
