import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

import { TlsError } from "./tls-error.ts";

/** A certificate chain and its private key, known to fit together. */
export interface CertificatePair {
  /** PEM: the server's own certificate first. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** DNS names and IP addresses that the certificate is for. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** PEM texts and what to call them in messages. */
export interface PairTexts {
  readonly certificate: { readonly pem: string; readonly from: string };
  readonly key: { readonly pem: string; readonly from: string };
}

/**
 * Reads a certificate and its key, and makes sure that they belong together.
 *
 * @throws TlsError `certificate-unreadable`, `key-unreadable`, `pair-mismatch`
 */
export function parseCertificatePair({ certificate, key }: PairTexts): CertificatePair {
  const chain = parseCertificates(certificate.pem, certificate.from);
  const privateKey = parseKey(key.pem, key.from);
  const leaf = chain[0];
  if (!leaf?.checkPrivateKey(privateKey)) throw mismatch(chain, privateKey, { certificate, key });
  return {
    certificatePem: chain.map((each) => each.toString()).join(""),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
    names: namesOf(leaf),
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
  };
}

const certificateBlock = /-----BEGIN (?:X509 )?CERTIFICATE-----[^-]+-----END (?:X509 )?CERTIFICATE-----/gu;

/**
 * Reads every certificate of a PEM text.
 *
 * @throws TlsError `certificate-unreadable` when there is none or one is broken
 */
export function parseCertificates(pem: string, from: string): X509Certificate[] {
  const blocks = pem.match(certificateBlock) ?? [];
  if (blocks.length === 0) {
    throw new TlsError(
      "certificate-unreadable",
      `${from} holds no certificate: it must be PEM, "-----BEGIN CERTIFICATE-----"`,
    );
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new TlsError("certificate-unreadable", `certificate ${index + 1} of ${from} is broken`, { cause });
    }
  });
}

function parseKey(pem: string, from: string): KeyObject {
  if (/ENCRYPTED/u.test(pem)) {
    throw new TlsError(
      "key-unreadable",
      `the private key in ${from} is encrypted: take the passphrase off (openssl pkey)`,
    );
  }
  const block = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]+-----END ([A-Z]+ )?PRIVATE KEY-----/u.exec(pem)?.[0];
  if (block === undefined) {
    throw new TlsError("key-unreadable", `${from} holds no private key: it must be PEM, "-----BEGIN PRIVATE KEY-----"`);
  }
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw new TlsError("key-unreadable", `the private key in ${from} is broken`, { cause });
  }
}

function mismatch(chain: readonly X509Certificate[], key: KeyObject, texts: PairTexts): TlsError {
  const place = chain.findIndex((each) => each.checkPrivateKey(key));
  const what =
    place > 0
      ? `in ${texts.certificate.from} the certificate of the key is number ${place + 1}: it must be the first`
      : `the private key in ${texts.key.from} is not the one of the certificate in ${texts.certificate.from}`;
  return new TlsError("pair-mismatch", what);
}

function namesOf(leaf: X509Certificate): string[] {
  const entries = leaf.subjectAltName?.split(", ") ?? [];
  return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/u.exec(entry)?.[1] ?? []);
}
