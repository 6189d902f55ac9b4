import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../../src/cli/remote/usage-error.ts";
import { VALUES_HELP } from "../../../../src/cli/upkeep/setting-commands.ts";
import { parseSettingValue, SETTINGS, showSettingValue } from "../../../../src/cli/upkeep/setting-values.ts";
import { settingChange, setting } from "../../../../src/http/api/schemas/settings.ts";

describe("a value that is typed", () => {
  test.each([
    ["immutable-tags", ["v*", "release-*"], "v* release-*"],
    ["immutable-tags", [], "none"],
    ["kept-tags", ["prod"], "prod"],
    ["keep-labels", ["dev.berth.keep", "live"], "dev.berth.keep live"],
    ["protected", [], "yes"],
    ["protected", ["no"], "no"],
    ["untagged", ["keep"], "keep"],
    ["untagged", ["remove", "7d"], "remove 7d"],
    ["retention", [], "all tags stay"],
    ["quota", ["bytes=10GiB", "tags=500"], "bytes=10GiB tags=500"],
    ["quota", ["bytes=1.5TiB", "repositories=1"], "bytes=1536GiB repositories=1"],
    ["quota", ["bytes=1000"], "bytes=1000"],
    ["quota", ["bytes=0"], "bytes=0"],
    ["delete-approval", [], "yes"],
    ["delete-approval", ["yes", "3d"], "yes 3d"],
    ["delete-approval", ["no"], "no"],
    ["redirect", ["90d"], "90d"],
    ["redirect", ["none"], "none"],
    ["retention", ["newest=10"], "'tags=* newest=10'"],
    [
      "retention",
      ["tags=v*|release-*,except=*-rc* patches=1 minors=3", "within=30d pulled=90d"],
      "'tags=v*|release-* except=*-rc* patches=1 minors=3' 'tags=* within=30d pulled=90d'",
    ],
  ] as const)("%s %j is what the API takes, and shown as it is typed", (name, typed, shown) => {
    const { value } = settingChange(name).parse(JSON.parse(JSON.stringify({ value: parseSettingValue(name, typed) })));
    expect(showSettingValue(setting.parse({ name, value, origin: "" }))).toBe(shown);
  });

  test.each([
    ["protected", ["maybe"]],
    ["protected", ["yes", "no"]],
    ["untagged", []],
    ["untagged", ["remove", "7d", "now"]],
    ["quota", []],
    ["quota", ["bytes=10XB"]],
    ["quota", ["bytes=-1"]],
    ["quota", ["tags=1GiB"]],
    ["quota", ["tags=1", "tags=2"]],
    ["quota", ["manifests=1"]],
    ["delete-approval", ["maybe"]],
    ["delete-approval", ["no", "3d"]],
    ["redirect", []],
    ["redirect", ["12h"]],
    ["redirect", ["1d", "2d"]],
    ["retention", ["newest"]],
    ["retention", ["newest=0"]],
    ["retention", ["newest=1 newest=2"]],
    ["retention", ["last=3"]],
  ] as const)("%s %j is refused with what can be said", (name, typed) =>
    expect(() => parseSettingValue(name, typed)).toThrow(UsageError),
  );

  test.each(SETTINGS)("of %s is told by the help", (name) =>
    expect(VALUES_HELP).toMatch(new RegExp(`^.*\\b${name}\\b.*:`, "m")),
  );

  test("is known of every setting", () =>
    expect([...SETTINGS].toSorted()).toEqual([
      "delete-approval",
      "immutable-tags",
      "keep-labels",
      "kept-tags",
      "protected",
      "quota",
      "redirect",
      "retention",
      "untagged",
    ]));
});
