import type { VersionRule } from "./retention-rule.ts";

interface Version {
  readonly tag: string;
  /** Major, minor and patch, as far as the tag says them, then the numbers of its suffix. */
  readonly numbers: readonly number[];
  /** Whether it says all three. */
  readonly isFull: boolean;
  /** What is behind the first `-`, without its numbers: only versions with the same are compared. */
  readonly line: string;
}

const VERSION = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-(.+))?$/;

/**
 * Which of the tags are the newest versions, as the rule counts them. Suffixes are lines of their own: `1.4.2-alpine` is compared with
 * other `-alpine` only, `1.4.2-rc.1` with other `-rc.` only. What says less, `1.4` or `1`, stays with a version that it stands for.
 */
export function newestVersions(tags: readonly string[], rule: VersionRule): ReadonlySet<string> {
  const newest = new Set<string>();
  for (const line of Map.groupBy(tags.flatMap(parseVersion), (version) => version.line).values()) {
    const kept = newestOfLine(
      line.filter(({ isFull }) => isFull),
      rule,
    );
    const beginnings = new Set(kept.flatMap(({ numbers: [major, minor] }) => [`${major}`, `${major}.${minor}`]));
    const short = line.filter(({ isFull, numbers }) => !isFull && beginnings.has(numbers.join(".")));
    for (const { tag } of [...kept, ...short]) newest.add(tag);
  }
  return newest;
}

function parseVersion(tag: string): Version[] {
  const [, major, minor, patch, suffix = ""] = VERSION.exec(tag) ?? [];
  if (major === undefined) return [];
  const said = [major, minor, patch].filter((part) => part !== undefined);
  const isFull = said.length === 3;
  const numbers = [...said, ...(isFull ? (suffix.match(/\d{1,15}/g) ?? []) : [])].map(Number);
  return [{ tag, numbers, isFull, line: suffix.replaceAll(/\d+/g, "0") }];
}

function newestOfLine(versions: readonly Version[], rule: VersionRule): readonly Version[] {
  const { majors = Infinity, minors = Infinity, patches = 1 } = rule;
  /** How many different majors came so far, minors of this major, and patches of this minor. */
  const seen = { majors: 0, minors: 0, patches: 0 };
  let before: Version | undefined;
  return versions
    .toSorted((a, b) => compare(b.numbers, a.numbers))
    .filter((version) => {
      const [major, minor] = version.numbers;
      if (major !== before?.numbers[0]) Object.assign(seen, { majors: seen.majors + 1, minors: 1, patches: 1 });
      else if (minor !== before?.numbers[1]) Object.assign(seen, { minors: seen.minors + 1, patches: 1 });
      else if (compare(version.numbers, before?.numbers ?? []) !== 0) seen.patches++;
      before = version;
      return seen.majors <= majors && seen.minors <= minors && seen.patches <= patches;
    });
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? -1) - (b[place] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
