import { X509Certificate } from "node:crypto";
import { invalidToken } from "../verified-token.ts";

/** Each certificate costs the check of a signature before anything is known of who sends it. */
const MAX_CERTIFICATES = 5;

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws Error if there is none, or one is broken */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  const certificates = (pem.match(PEM) ?? []).map((text) => new X509Certificate(text));
  if (certificates.length === 0) throw new Error("it has no certificate in PEM");
  return certificates;
}

/**
 * The certificate that a chain begins with, if the chain leads to one that is trusted.
 * @param chain a member `x5c`
 * @throws RegistryError `token-invalid`
 * @spec RFC 7515, 4.1.6
 */
export function verifyChain(chain: unknown, roots: readonly X509Certificate[], nowMs: number): X509Certificate {
  const certificates = readChain(chain);
  const [leaf, ...others] = certificates;
  if (leaf && isValidAt(leaf, nowMs) && leadsToRoot(leaf, others, { roots, nowMs })) return leaf;
  throw invalidToken("brings a certificate that does not lead to one that is trusted");
}

function readChain(chain: unknown): readonly X509Certificate[] {
  try {
    if (!Array.isArray(chain) || chain.length > MAX_CERTIFICATES) throw new Error(`more than ${MAX_CERTIFICATES}`);
    return chain.map((text) => new X509Certificate(Buffer.from(String(text), "base64")));
  } catch (cause) {
    throw invalidToken("brings certificates that cannot be read", cause);
  }
}

interface Trust {
  readonly roots: readonly X509Certificate[];
  readonly nowMs: number;
}

function leadsToRoot(from: X509Certificate, others: readonly X509Certificate[], trust: Trust): boolean {
  const { roots, nowMs } = trust;
  if (roots.some((root) => root.fingerprint256 === from.fingerprint256)) return true;
  const isIssuer = (candidate: X509Certificate) => isValidAt(candidate, nowMs) && isIssuedBy(from, candidate);
  if (roots.some(isIssuer)) return true;
  return others.some(
    (next) =>
      isIssuer(next) &&
      leadsToRoot(
        next,
        others.filter((other) => other !== next),
        trust,
      ),
  );
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

/** Hashes that two certificates can be made to have the same of. */
const BROKEN_HASH = /md[245]|sha-?1(?!\d)/i;

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  if (!issuer.ca || BROKEN_HASH.test(certificate.signatureAlgorithm ?? "")) return false;
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
