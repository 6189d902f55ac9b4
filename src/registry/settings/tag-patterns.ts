import { parseTextPattern } from "../../runtime/index.ts";
import { showNode, type SaidSetting } from "./settings.ts";

/** A pattern that matches a tag, and the node that it is of. */
export interface MatchedPattern {
  readonly pattern: string;
  readonly node: string;
}

/** Finds the first pattern that matches a tag; for being asked again and again. */
export function tagMatcher(
  said: SaidSetting<readonly string[]> | undefined,
): (tag: string) => MatchedPattern | undefined {
  if (!said) return () => undefined;
  const { value, node } = said;
  const patterns = value.map((pattern) => ({ pattern, matches: parseTextPattern(pattern) }));
  return (tag) => {
    const found = patterns.find(({ matches }) => matches(tag));
    return found && { pattern: found.pattern, node };
  };
}

/** Such as `by "v*" of team`. */
export function showMatch({ pattern, node }: MatchedPattern): string {
  return `by "${pattern}" of ${showNode(node)}`;
}
