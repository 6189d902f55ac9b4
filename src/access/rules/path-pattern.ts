import { parseTextPattern } from "../../runtime/index.ts";

/** Matches repository names. */
export type PathPattern = (path: string) => boolean;

/** Longer ones say nothing that a person could check. */
const MAX_LENGTH = 255;
const PART = /^[a-z0-9*][a-z0-9*._-]*$/;

/**
 * Reads a pattern of repository names: `*` is any text within one part, `**` as a part is any number of parts, none included.
 * `team/**` is `team` and all below it, `team/*-prod` is one part below `team` that ends with `-prod`.
 * @throws RangeError for what is no pattern
 */
export function parsePathPattern(text: string): PathPattern {
  const parts = text.split("/");
  if (text.length > MAX_LENGTH || !parts.every((part) => part === "**" || (PART.test(part) && !part.includes("**"))))
    throw new RangeError(`"${text}" is no pattern of repository names such as team/** or team/*-prod`);
  const star = text.indexOf("*");
  if (star === -1) return (path) => path === text;
  if (text === "**") return () => true;
  const beginning = text.slice(0, star);
  if (text === `${beginning}**` && beginning.endsWith("/")) return atOrBelow(beginning.slice(0, -1));
  const matchers = parts.map((part) => (part === "**" ? undefined : parseTextPattern(part)));
  // Most of the patterns that somebody was given are about something else, which their first letters tell.
  const literal = beginning.replace(/\/$/, "");
  return (path) => path.startsWith(literal) && matchParts(matchers, path.split("/"));
}

function atOrBelow(node: string): PathPattern {
  const below = `${node}/`;
  return (path) => path.startsWith(below) || path === node;
}

/** `undefined` stands for any number of parts. */
type PartMatcher = ((part: string) => boolean) | undefined;

/** Step by step through the parts, keeping all places where the pattern may stand: no text makes it slow. */
function matchParts(matchers: readonly PartMatcher[], parts: readonly string[]): boolean {
  let places = skipAnyParts(matchers, new Set([0]));
  for (const part of parts) {
    const next = new Set<number>();
    for (const place of places) {
      if (place >= matchers.length) continue;
      const matcher = matchers[place];
      if (!matcher) next.add(place);
      else if (matcher(part)) next.add(place + 1);
    }
    places = skipAnyParts(matchers, next);
  }
  return places.has(matchers.length);
}

function skipAnyParts(matchers: readonly PartMatcher[], places: Set<number>): Set<number> {
  for (const place of places) if (place < matchers.length && !matchers[place]) places.add(place + 1);
  return places;
}
