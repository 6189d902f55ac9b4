import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";

/** What a certificate of a test says; its bytes are made by hand, so that it may say what no authority would sign. */
export interface Issued {
  /** In the order of the certificate; several in one inner list are one relative name. */
  readonly subject?: readonly (readonly Attribute[])[];
  /** Tag of the kind and its bytes. */
  readonly altNames?: readonly (readonly [tag: number, value: string | Uint8Array])[];
  readonly altNameExtensions?: number;
  /** As in the certificate, such as `260101000000Z`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
}

export type Attribute = readonly [oid: string, value: string | Uint8Array, tag?: number];

export const CN = "2.5.4.3";
export const O = "2.5.4.10";
export const OU = "2.5.4.11";
export const DC = "0.9.2342.19200300.100.1.25";
export const EMAIL = 0x81;
export const DNS = 0x82;
export const URI = 0x86;

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

/** A certificate signed by its own key, in DER. */
export function issue({
  subject = [],
  altNames = [],
  altNameExtensions = 1,
  notBefore = "000101000000Z",
  notAfter = "20990101000000Z",
}: Issued): Uint8Array {
  const names = sequence(...subject.map((pairs) => element(0x31, ...pairs.map(attribute))));
  const altName = sequence(
    oid("2.5.29.17"),
    element(0x04, sequence(...altNames.map(([tag, value]) => element(tag, bytesOf(value))))),
  );
  const extensions = altNames.length === 0 ? [] : Array.from({ length: altNameExtensions }, () => altName);
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    names,
    sequence(time(notBefore), time(notAfter)),
    names,
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [element(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign("sha256", body, createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })));
  return sequence(body, ECDSA_WITH_SHA256, element(0x03, Buffer.from([0]), signature));
}

export function pemOf(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

function attribute([type, value, tag = 0x0c]: Attribute): Buffer {
  return sequence(oid(type), element(tag, bytesOf(value)));
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : value;
}

function time(text: string): Buffer {
  return element(text.length === 13 ? 0x17 : 0x18, Buffer.from(text));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, ...parts);
}

export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((number) => {
    const groups = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return element(0x06, Buffer.from(bytes));
}
