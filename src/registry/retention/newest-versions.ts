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

function newestOfLine(versions: readonly Version[], { majors, minors, patches = 1 }: VersionRule): readonly Version[] {
  return firstGroups(versions, { depth: 1, count: majors }).flatMap((ofMajor) =>
    firstGroups(ofMajor, { depth: 2, count: minors }).flatMap((ofMinor) =>
      firstGroups(ofMinor, { depth: Number.MAX_SAFE_INTEGER, count: patches }).flat(),
    ),
  );
}

/** Those with the same first numbers together, the highest first. */
function firstGroups(
  versions: readonly Version[],
  { depth, count = Number.MAX_SAFE_INTEGER }: { readonly depth: number; readonly count: number | undefined },
): readonly (readonly Version[])[] {
  const groups = Map.groupBy(versions, ({ numbers }) => numbers.slice(0, depth).join("."));
  const sorted = [...groups.values()].toSorted(([a], [b]) => compare(b?.numbers ?? [], a?.numbers ?? []));
  // Within a group the order of what is behind its first numbers does not matter: it is the same in all groups of a depth.
  return sorted.slice(0, count);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? -1) - (b[place] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
