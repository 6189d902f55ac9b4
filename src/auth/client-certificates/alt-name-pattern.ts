import type { SubjectAltName } from "./parse-certificate.ts";

/** Matches names of one kind. */
export interface AltNamePattern {
  /** Whether it has just one `*`, so that it is known what that stands for. */
  readonly hasOneStar: boolean;
  /** @returns what the first `*` stands for, `""` if there is none; `undefined`: it is another name */
  match(name: SubjectAltName): string | undefined;
}

/** Of each kind, what a `*` does not go across, and which parts of it are the same in any case. */
const KINDS = {
  dns: { separator: ".", lowerCase: (value: string) => value.toLowerCase() },
  email: { separator: "@", lowerCase: (value: string) => value.replace(/@[^@]*$/, (host) => host.toLowerCase()) },
  uri: { separator: "/", lowerCase: (value: string) => value },
} as const;

/**
 * Reads `dns:*.ci.acme`, `email:*@acme.com`, `spiffe://acme/ci/*` or another URI. `*` is any text, but none at all, inside one
 * part: a label of a host name, one side of an address, a segment of a path. Case counts but in host names.
 *
 * @throws RangeError for what is no such pattern
 */
export function parseAltNamePattern(text: string): AltNamePattern {
  const [, prefix, rest = ""] = /^(?:(dns|email|uri):(?!\/\/))?(.+)$/su.exec(text) ?? [];
  const kind = (prefix ?? "uri") as SubjectAltName["kind"];
  const { separator, lowerCase } = KINDS[kind];
  const parts = lowerCase(rest).split(separator);
  const isUsable = kind === "uri" ? /^[a-z][a-z\d+.-]*:./i.test(rest) : kind === "dns" || parts.length === 2;
  if (!isUsable || parts.some((part) => part.split("*").length > 2))
    throw new RangeError(
      `"${text}" is no pattern of a name such as dns:*.ci.acme, email:*@acme.com, spiffe://acme/ci/*`,
    );
  return {
    hasOneStar: text.split("*").length === 2,
    // Stars of a certificate for many hosts are nobody's name.
    match: (name) =>
      name.kind === kind && !name.value.includes("*")
        ? matchParts(parts, lowerCase(name.value).split(separator))
        : undefined,
  };
}

function matchParts(patterns: readonly string[], parts: readonly string[]): string | undefined {
  if (patterns.length !== parts.length) return undefined;
  const stars = patterns.map((pattern, index) => matchPart(pattern, parts[index] ?? ""));
  if (stars.includes(undefined)) return undefined;
  return stars.find((star) => star !== "") ?? "";
}

/** As `AltNamePattern.match`, with one `*` at most. */
function matchPart(pattern: string, part: string): string | undefined {
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return pattern === part ? "" : undefined;
  const isMatch = part.length > start.length + end.length && part.startsWith(start) && part.endsWith(end);
  return isMatch ? part.slice(start.length, part.length - end.length) : undefined;
}
