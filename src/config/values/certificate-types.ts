import { valueType } from "./value-types.ts";

const ATTRIBUTE =
  /^\s*(?:CN|SERIALNUMBER|C|L|ST|STREET|O|OU|UID|DC|EMAILADDRESS|\d+(?:\.\d+)+)\s*=\s*(?:[^\\\s]|\\[^a-z\d\s])(?:[^\\]|\\[^a-z\d\s])*$/isu;

/**
 * A pattern of the subject of certificates.
 * @spec RFC 4514
 */
export const subjectPattern = valueType("a pattern of a subject", (value) => {
  const parts = value.replaceAll(/(\\.)|[,+]/gsu, (_, escaped?: string) => escaped ?? "\0").split("\0");
  if (!parts.every((part) => ATTRIBUTE.test(part)))
    throw new Error(`"${value}" is not a pattern of a subject such as CN=*,O=Acme`);
  return value;
});

/** What is left of a name without its kind, as it must be. */
const ALT_NAMES = [
  { start: "dns:", rest: /^[^\s/:@]+$/u, separator: "." },
  { start: "email:", rest: /^[^\s@]+@[^\s@]+$/u, separator: "@" },
  { start: "uri:", rest: /^[a-z][a-z\d+.-]*:\S+$/iu, separator: "/" },
] as const;

/** A pattern of an alternative name of certificates, with one `*` in each part at most. */
export const altNamePattern = valueType("a pattern of a name", (value) => {
  const full = ALT_NAMES.some(({ start }) => value.startsWith(start)) ? value : `uri:${value}`;
  const kind = ALT_NAMES.find(({ start }) => full.startsWith(start));
  const rest = full.slice(kind?.start.length);
  if (!kind?.rest.test(rest) || rest.split(kind.separator).some((part) => part.split("*").length > 2))
    throw new Error(`"${value}" is not a name such as dns:*.ci.acme, email:*@acme.com or spiffe://acme/ci/*`);
  return value;
});

export const headerName = valueType("the name of a header", (value) => {
  if (!/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/u.test(value)) throw new Error(`"${value}" is not a name of an HTTP header`);
  return value.toLowerCase();
});
