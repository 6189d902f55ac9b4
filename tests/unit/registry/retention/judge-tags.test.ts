import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DatedTag } from "../../../../src/metadata/index.ts";
import type { Digest, Tag } from "../../../../src/oci/index.ts";
import { judgeTags } from "../../../../src/registry/retention/judge-tags.ts";
import type { RetentionRule } from "../../../../src/registry/retention/retention-rule.ts";
import type { Settings } from "../../../../src/registry/settings/settings.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1000 * DAY_MS;
const AT = { nowMs: NOW_MS, gaps: [] };
const digest = `sha256:${"a".repeat(64)}` as Digest;

const dated = (tag: string, ageDays: number, expiresAtMs: number | null = null, usedDaysAgo?: number): DatedTag => ({
  tag: tag as Tag,
  digest,
  isIndex: false,
  pushedAtMs: NOW_MS - ageDays * DAY_MS,
  expiresAtMs,
  mark: null,
  isUseGuessed: false,
  usedAtMs: usedDaysAgo === undefined ? null : NOW_MS - usedDaysAgo * DAY_MS,
});
const holding = (value: readonly RetentionRule[], more: Settings = {}): Settings => ({
  retention: { value, node: "team" },
  ...more,
});
const kept = (tags: readonly DatedTag[], settings: Settings) =>
  judgeTags(tags, settings, AT).flatMap(({ tag, isKept }) => (isKept ? [tag as string] : []));
const reasons = (tags: readonly DatedTag[], settings: Settings) =>
  Object.fromEntries(judgeTags(tags, settings, AT).map(({ tag, isKept, reason }) => [tag, [isKept, reason]]));

describe("a rule keeps", () => {
  const tags = [dated("v1", 40), dated("v2", 20), dated("v3", 5), dated("ci-1", 30), dated("ci-2", 1), dated("x", 0)];

  test.each<[RetentionRule, readonly string[]]>([
    [{ tags: ["*"] }, ["v1", "v2", "v3", "ci-1", "ci-2", "x"]],
    [{ tags: ["v*"] }, ["v1", "v2", "v3"]],
    [{ tags: ["v*"], newest: 2 }, ["v2", "v3"]],
    [{ tags: ["*"], except: ["v*", "x"], newest: 1 }, ["ci-2"]],
    [{ tags: ["*"], pushedWithin: "20d" }, ["v2", "v3", "ci-2", "x"]],
    [{ tags: ["v*"], newest: 1, pushedWithin: "1w" }, ["v3"]],
    [{ tags: ["v*"], newest: 3, pushedWithin: "1w" }, ["v1", "v2", "v3"]],
  ])("%j", (rule, expected) => expect(kept(tags, holding([rule]))).toEqual([...expected]));

  test("what was used lately, and what was pushed lately and never used", () => {
    const tags = [dated("pulled", 99, null, 3), dated("long ago", 99, null, 31), dated("never", 31), dated("new", 2)];
    const settings = holding([{ tags: ["*"], pulledWithin: "30d" }]);
    expect(kept(tags, settings)).toEqual(["pulled", "new"]);
    expect(reasons(tags, settings)).toMatchObject({
      pulled: [true, "rule 1 of team: pulled, or pushed, within 30d"],
      "long ago": [false, "rule 1 of team does not keep it"],
    });
  });

  test("what any of several rules keeps", () =>
    expect(
      kept(
        tags,
        holding([
          { tags: ["v*"], newest: 1 },
          { tags: ["ci-*"], newest: 1 },
        ]),
      ),
    ).toEqual(["v3", "ci-2"]));

  test("all where there are none", () => {
    expect(kept(tags, {})).toHaveLength(6);
    expect(kept(tags, holding([]))).toHaveLength(6);
  });
});

test("what its image is marked with keeps a tag, where its node wants that", () => {
  const marked = { ...dated("ci-1", 99, 1), mark: { name: "dev.berth.keep", value: "deployed" } };
  const rules = [{ tags: ["ci-*"], newest: 1 }];
  const tags = [marked, dated("ci-2", 98), dated("ci-3", 1)];
  expect(reasons(tags, holding(rules))).toMatchObject({ "ci-1": [true, "marked dev.berth.keep=deployed"] });
  const value = (names: readonly string[]) => ({ "keep-labels": { value: names, node: "team" } });
  expect(kept(tags, holding(rules, value(["com.example.live"])))).toEqual(["ci-3"]);
  expect(kept(tags, holding(rules, value(["com.example.live", "dev.berth.keep"])))).toEqual(["ci-1", "ci-3"]);
  expect(kept(tags, holding(rules, value([])))).toEqual(["ci-3"]);
});

test("each tag is told what keeps it, or why it goes", () => {
  const settings = holding(
    [
      { tags: ["v*"], newest: 1 },
      { tags: ["v*", "ci-*"], pushedWithin: "3d" },
    ],
    {
      "immutable-tags": { value: ["v0*"], node: "" },
      "kept-tags": { value: ["prod"], node: "team/app" },
    },
  );
  const attached = `sha256-${"b".repeat(64)}.sig`;
  const tags = [
    dated("v0.1", 90),
    dated("v1", 9),
    dated("v2", 4),
    dated("v3", 3),
    dated("ci-1", 4),
    dated("ci-2", 2, NOW_MS),
    dated("prod", 50, 1),
    dated("other", 0),
    dated(attached, 99),
  ];
  expect(reasons(tags, settings)).toEqual({
    "v0.1": [true, 'immutable by "v0*" of the root'],
    v1: [false, "rule 1 and 2 of team do not keep it"],
    v2: [false, "rule 1 and 2 of team do not keep it"],
    v3: [true, "rule 1 of team: among the newest 1"],
    "ci-1": [false, "rule 2 of team does not keep it"],
    "ci-2": [false, "expired at 1972-09-27T00:00:00.000Z"],
    prod: [true, 'kept by "prod" of team/app'],
    other: [false, "no rule of team is about it"],
    [attached]: [true, `attached to sha256:${"b".repeat(64)}`],
  });
  const guarded = { ...settings, protected: { value: true, node: "team" } };
  expect(new Set(judgeTags(tags, guarded, AT).map(({ reason }) => reason))).toEqual(new Set(["protected by team"]));
});

describe("whatever the tags and the rules are", () => {
  const name = fc.oneof(
    fc.stringMatching(/^[abc]{1,2}$/),
    fc.stringMatching(/^v?[0-3](\.[0-3]){0,2}(-(rc\.[0-2]|alpine))?$/),
  );
  const tags = fc.uniqueArray(fc.record({ tag: name, ageDays: fc.nat(20) }), {
    selector: ({ tag }) => tag,
    maxLength: 30,
  });
  const count = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
  const patterns = fc.array(fc.constantFrom("*", "v*", "a*", "*b", "1.*", "*-rc*"), { minLength: 1, maxLength: 3 });
  const rule: fc.Arbitrary<RetentionRule> = fc.record({
    tags: patterns,
    except: fc.option(patterns, { nil: undefined }),
    newest: count,
    pushedWithin: fc.option(fc.constantFrom("1d", "1w"), { nil: undefined }),
    versions: fc.option(fc.record({ patches: count, minors: count, majors: count }), { nil: undefined }),
  });
  const rules = fc.array(rule, { minLength: 1, maxLength: 3 });
  const datedOf = (given: readonly { tag: string; ageDays: number }[]) =>
    given.map(({ tag, ageDays }) => dated(tag, ageDays));

  test("what stays would stay again without what goes", () =>
    fc.assert(
      fc.property(tags, rules, (given, held) => {
        const all = datedOf(given);
        const once = kept(all, holding(held));
        const rest = all.filter(({ tag }) => once.includes(tag));
        expect(kept(rest, holding(held))).toEqual(once);
      }),
    ));

  test("the order of the tags is of no account", () =>
    fc.assert(
      fc.property(tags, rules, (given, held) => {
        const all = datedOf(given);
        expect(kept(all.toReversed(), holding(held)).toSorted()).toEqual(kept(all, holding(held)).toSorted());
      }),
    ));

  test("one rule more lets nothing go that stayed", () =>
    fc.assert(
      fc.property(tags, rules, rule, (given, held, more) => {
        const all = datedOf(given);
        const after = kept(all, holding([...held, more]));
        for (const tag of kept(all, holding(held))) expect(after).toContain(tag);
      }),
    ));

  test("the newest are as many as were asked for", () =>
    fc.assert(
      fc.property(tags, fc.integer({ min: 1, max: 10 }), (given, newest) => {
        const all = datedOf(given);
        const stay = kept(all, holding([{ tags: ["*"], newest }]));
        expect(stay).toHaveLength(Math.min(newest, all.length));
        const ages = (names: readonly string[]) =>
          given.filter(({ tag }) => names.includes(tag)).map(({ ageDays }) => ageDays);
        const gone = given.map(({ tag }) => tag).filter((tag) => !stay.includes(tag));
        expect(Math.max(0, ...ages(stay))).toBeLessThanOrEqual(Math.min(Infinity, ...ages(gone)));
      }),
    ));
});
