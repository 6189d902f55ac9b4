import { parseTextPattern } from "../../runtime/index.ts";
import type { SubjectAttribute } from "./parse-certificate.ts";

/** Matches the subjects of certificates. */
export type SubjectPattern = (subject: readonly SubjectAttribute[]) => boolean;

export const COMMON_NAME = "2.5.4.3";

/** Types of attributes by their short names. @spec RFC 4514, 3 */
const OIDS: Readonly<Record<string, string>> = {
  CN: COMMON_NAME,
  SERIALNUMBER: "2.5.4.5",
  C: "2.5.4.6",
  L: "2.5.4.7",
  ST: "2.5.4.8",
  STREET: "2.5.4.9",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  UID: "0.9.2342.19200300.100.1.1",
  DC: "0.9.2342.19200300.100.1.25",
  EMAILADDRESS: "1.2.840.113549.1.9.1",
};

interface AttributePattern {
  readonly oid: string;
  readonly matches: (value: string) => boolean;
}

/**
 * Reads `CN=*,O=Acme`: `*` is any text, `\` takes the next sign as it is. Of each type that is named, the subject must have
 * exactly as many values, in this order, which is the reverse of the certificate's; what types it has beside does not matter.
 * Case counts.
 *
 * @throws RangeError for what is no such pattern
 */
export function parseSubjectPattern(text: string): SubjectPattern {
  const patterns = splitUnescaped(text, /[,+]/).map((part) => parseAttribute(part, text));
  const oids = new Set(patterns.map(({ oid }) => oid));
  return (subject) =>
    [...oids].every((oid) => {
      const wanted = patterns.filter((pattern) => pattern.oid === oid);
      const values = subject.filter((attribute) => attribute.oid === oid).toReversed();
      return values.length === wanted.length && wanted.every(({ matches }, index) => isMatch(matches, values[index]));
    });
}

function isMatch(matches: AttributePattern["matches"], attribute: SubjectAttribute | undefined): boolean {
  return attribute?.value !== undefined && matches(attribute.value);
}

function parseAttribute(part: string, whole: string): AttributePattern {
  const [, type = "", value = ""] = /^\s*([A-Za-z]+|\d+(?:\.\d+)+)\s*=\s*(.*?)\s*$/su.exec(part) ?? [];
  const oid = OIDS[type.toUpperCase()] ?? (/^\d/.test(type) ? type : undefined);
  // RFC 4514 also writes bytes as `\2C`, which nobody can read.
  if (oid === undefined || value === "" || !/^(?:[^\\]|\\[^a-z\d\s])*$/isu.test(value))
    throw new RangeError(`"${whole}" is no pattern of a subject such as CN=*,O=Acme`);
  return { oid, matches: parseValuePattern(value) };
}

/** A star that is meant as one stands for itself inside of the pattern, under a character that no value has. */
const STAR = "\u0000";

function parseValuePattern(text: string): (value: string) => boolean {
  const unescaped = text.replaceAll(/\\(.)/gsu, (_, character: string) => (character === "*" ? STAR : character));
  const matches = parseTextPattern(unescaped);
  return (value) => matches(value.replaceAll("*", STAR));
}

function splitUnescaped(text: string, separator: RegExp): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\.|./gsu)) {
    if (piece.length === 1 && separator.test(piece)) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts;
}
