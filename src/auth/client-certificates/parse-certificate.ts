import { type DerElement, DerReader, readOid, readTime, TAGS } from "./der-reader.ts";

/** What of a certificate says whom it is for. */
export interface CertificateNames {
  /** In the order of the certificate, which is the reverse of how people write it. */
  readonly subject: readonly SubjectAttribute[];
  readonly subjectAltNames: readonly SubjectAltName[];
  readonly notBeforeMs: number;
  /** Inclusive. */
  readonly notAfterMs: number;
}

export interface SubjectAttribute {
  /** Such as `2.5.4.3`. */
  readonly oid: string;
  /** `undefined`: it cannot be read as text without doubt. */
  readonly value: string | undefined;
}

export interface SubjectAltName {
  readonly kind: "dns" | "email" | "uri";
  readonly value: string;
}

/**
 * Reads the names from a certificate's bytes. Not from the runtime's texts of them: there one name can be written so that it
 * looks like several.
 *
 * @throws RangeError if it is no certificate
 * @spec RFC 5280, 4.1
 */
export function parseCertificate(der: Uint8Array): CertificateNames {
  const file = new DerReader(der);
  const certificate = file.enter(TAGS.sequence);
  file.requireEnd();
  const body = certificate.enter(TAGS.sequence);
  if (body.nextTag === VERSION) body.next();
  body.next(INTEGER); // serial number
  body.next(TAGS.sequence); // algorithm
  body.next(TAGS.sequence); // issuer
  const validity = body.enter(TAGS.sequence);
  const [notBeforeMs, notAfterMs] = [readTime(validity.next()), readTime(validity.next())];
  const subject = readName(body.enter(TAGS.sequence));
  body.next(TAGS.sequence); // public key
  return { subject, subjectAltNames: readExtensions(body), notBeforeMs, notAfterMs };
}

const VERSION = 0xa0;
const INTEGER = 0x02;
const BOOLEAN = 0x01;
const EXTENSIONS = 0xa3;
const SUBJECT_ALT_NAME = "2.5.29.17";

function readName(relativeNames: DerReader): SubjectAttribute[] {
  const attributes: SubjectAttribute[] = [];
  while (!relativeNames.isAtEnd) {
    const pairs = relativeNames.enter(TAGS.set);
    while (!pairs.isAtEnd) {
      const pair = pairs.enter(TAGS.sequence);
      attributes.push({ oid: readOid(pair.next(TAGS.oid).content), value: readText(pair.next()) });
      pair.requireEnd();
    }
  }
  return attributes;
}

function readExtensions(body: DerReader): SubjectAltName[] {
  while (!body.isAtEnd && body.nextTag !== EXTENSIONS) body.next();
  if (body.isAtEnd) return [];
  const extensions = body.enter(EXTENSIONS).enter(TAGS.sequence);
  const found: SubjectAltName[][] = [];
  while (!extensions.isAtEnd) {
    const extension = extensions.enter(TAGS.sequence);
    const oid = readOid(extension.next(TAGS.oid).content);
    if (extension.nextTag === BOOLEAN) extension.next();
    if (oid === SUBJECT_ALT_NAME) found.push(readAltNames(extension.enter(TAGS.octets).enter(TAGS.sequence)));
  }
  if (found.length > 1) throw new RangeError("the names stand in it twice");
  return found[0] ?? [];
}

const ALT_NAME_KINDS: Readonly<Record<number, SubjectAltName["kind"]>> = { 0x81: "email", 0x82: "dns", 0x86: "uri" };

/** Names of other kinds are passed over, and those that are no plain ASCII. */
function readAltNames(names: DerReader): SubjectAltName[] {
  const found: SubjectAltName[] = [];
  while (!names.isAtEnd) {
    const { tag, content } = names.next();
    const kind = ALT_NAME_KINDS[tag];
    const value = kind && readAscii(content);
    if (kind && value !== undefined) found.push({ kind, value });
  }
  return found;
}

const UTF8 = 0x0c;
/** Numeric, Printable, IA5. */
const ASCII: ReadonlySet<number> = new Set([0x12, 0x13, 0x16]);

/** In other forms than these, which nobody has used for long, letters beyond ASCII are a matter of opinion. */
function readText({ tag, content }: DerElement): string | undefined {
  if (ASCII.has(tag)) return readAscii(content);
  return tag === UTF8 ? readUtf8(content) : undefined;
}

function readAscii(content: Uint8Array): string | undefined {
  const text = Buffer.from(content).toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

function readUtf8(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    // Nor what cannot be seen, or turns the direction of what follows.
    return text !== "" && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
