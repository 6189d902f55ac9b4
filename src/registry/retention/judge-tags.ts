import type { DatedTag } from "../../metadata/index.ts";
import { subjectOfTag } from "../../oci/index.ts";
import { parseTextPattern } from "../../runtime/index.ts";
import { parseAge } from "../settings/age.ts";
import { type Settings, showNode } from "../settings/settings.ts";
import { showMatch, tagMatcher } from "../settings/tag-patterns.ts";
import { keepingNames } from "./keep-mark.ts";
import { newestVersions } from "./newest-versions.ts";
import { type JudgedTime, recordedSince } from "./recorded-since.ts";
import type { RetentionRule } from "./retention-rule.ts";

/** What becomes of a tag. */
export interface TagVerdict extends DatedTag {
  readonly isKept: boolean;
  /** Its own end has come, whether or not something keeps it beyond that. */
  readonly hasExpired: boolean;
  /** What keeps it, or why it goes; for people. */
  readonly reason: string;
}

/**
 * Which tags of a repository stay and which go, and why; in the order given. It depends on nothing but what it is given, and what goes
 * changes nothing for those that stay.
 */
export function judgeTags(tags: readonly DatedTag[], settings: Settings, at: JudgedTime): readonly TagVerdict[] {
  const { nowMs } = at;
  const findKeeper = alwaysKept(settings);
  const judge = judgeByRules(tags, settings, at);
  return tags.map((dated) => {
    const { expiresAtMs } = dated;
    const hasExpired = expiresAtMs !== null && expiresAtMs <= nowMs;
    const keeper = findKeeper(dated);
    if (keeper !== undefined) return { ...dated, hasExpired, isKept: true, reason: keeper };
    if (hasExpired)
      return { ...dated, hasExpired, isKept: false, reason: `expired at ${new Date(expiresAtMs).toISOString()}` };
    return { ...dated, hasExpired, ...judge(dated) };
  });
}

/** What stays whatever the rules say. */
function alwaysKept(settings: Settings): (tag: DatedTag) => string | undefined {
  const { protected: said } = settings;
  if (said?.value) return () => `protected by ${showNode(said.node)}`;
  const immutable = tagMatcher(settings["immutable-tags"]);
  const kept = tagMatcher(settings["kept-tags"]);
  const names = new Set(keepingNames(settings));
  return ({ tag, mark }) => {
    const isImmutable = immutable(tag);
    if (isImmutable) return `immutable ${showMatch(isImmutable)}`;
    const isKept = kept(tag);
    if (isKept) return `kept ${showMatch(isKept)}`;
    if (mark && names.has(mark.name)) return `marked ${mark.name}=${mark.value}`;
    // Clean-up takes it along with what it is attached to.
    const subject = subjectOfTag(tag);
    return subject === undefined ? undefined : `attached to ${subject}`;
  };
}

type Judgement = Pick<TagVerdict, "isKept" | "reason">;

function judgeByRules(
  tags: readonly DatedTag[],
  { retention }: Settings,
  at: JudgedTime,
): (tag: DatedTag) => Judgement {
  if (!retention || retention.value.length === 0)
    return () => ({ isKept: true, reason: "no retention rule holds here" });
  const rules = retention.value.map((rule) => prepareRule(rule, tags, at));
  const of = `of ${showNode(retention.node)}`;
  return ({ tag }) => {
    const about = rules.map(({ isAbout }, index) => (isAbout(tag) ? index : -1)).filter((index) => index >= 0);
    for (const index of about) {
      const reason = rules[index]?.keeperOf(tag);
      if (reason !== undefined) return { isKept: true, reason: `rule ${index + 1} ${of}: ${reason}` };
    }
    if (about.length === 0) return { isKept: false, reason: `no rule ${of} is about it` };
    const numbers = about.map((index) => index + 1).join(" and ");
    return { isKept: false, reason: `rule ${numbers} ${of} ${about.length === 1 ? "does" : "do"} not keep it` };
  };
}

interface PreparedRule {
  readonly isAbout: (tag: string) => boolean;
  /** Of one that it is about. */
  readonly keeperOf: (tag: string) => string | undefined;
}

function prepareRule(rule: RetentionRule, all: readonly DatedTag[], at: JudgedTime): PreparedRule {
  const { newest, pushedWithin, pulledWithin, versions } = rule;
  const included = rule.tags.map(parseTextPattern);
  const excluded = (rule.except ?? []).map(parseTextPattern);
  const isAbout = (tag: string) =>
    included.some((matches) => matches(tag)) && !excluded.some((matches) => matches(tag));
  const tags = all.filter(({ tag }) => isAbout(tag));
  const conditions = [
    newest === undefined ? undefined : condition(newestPushed(tags, newest), `among the newest ${newest}`),
    pushedWithin === undefined
      ? undefined
      : condition(pushedSince(tags, at.nowMs - parseAge(pushedWithin)), `pushed within ${pushedWithin}`),
    pulledWithin === undefined ? undefined : usedWithin(tags, pulledWithin, at),
    versions &&
      condition(
        newestVersions(
          tags.map(({ tag }) => tag),
          versions,
        ),
        "among the newest versions",
      ),
  ].filter((each) => each !== undefined);
  if (conditions.length === 0) return { isAbout, keeperOf: () => "keeps all that it is about" };
  return { isAbout, keeperOf: (tag) => conditions.find(({ kept }) => kept.has(tag))?.reason };
}

function condition(kept: ReadonlySet<string>, reason: string) {
  return { kept, reason };
}

function newestPushed(tags: readonly DatedTag[], count: number): ReadonlySet<string> {
  const sorted = tags.toSorted((a, b) => b.pushedAtMs - a.pushedAtMs || (a.tag < b.tag ? 1 : -1));
  return new Set(sorted.slice(0, count).map(({ tag }) => tag));
}

/** A push counts as well: who pushes something is about to use it. */
function usedWithin(tags: readonly DatedTag[], age: string, at: JudgedTime) {
  const sinceMs = recordedSince(at, parseAge(age));
  const isUsed = ({ pushedAtMs, usedAtMs }: DatedTag) => Math.max(pushedAtMs, usedAtMs ?? 0) >= sinceMs;
  const isLonger = sinceMs < at.nowMs - parseAge(age);
  const without = isLonger ? ", without times when no pull was on record" : "";
  return condition(new Set(tags.filter(isUsed).map(({ tag }) => tag)), `pulled, or pushed, within ${age}${without}`);
}

function pushedSince(tags: readonly DatedTag[], sinceMs: number): ReadonlySet<string> {
  return new Set(tags.filter(({ pushedAtMs }) => pushedAtMs >= sinceMs).map(({ tag }) => tag));
}
