import { expect, test } from "bun:test";
import { showSubject } from "../../../src/cli/approval-commands.ts";

test.each([
  ["1", "tag 1"],
  ["tags pr-*", "tags pr-*"],
  ["everything", "everything"],
  ["all repositories", "all repositories"],
  [`sha256:${"0".repeat(64)}`, `sha256:${"0".repeat(64)}`],
])("a request about %s is shown as %s", (subject, shown) => expect(showSubject({ subject })).toBe(shown));
