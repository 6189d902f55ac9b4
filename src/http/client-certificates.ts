import { X509Certificate } from "node:crypto";
import type { CertificateHeaderOptions } from "../auth/index.ts";
import { RegistryError } from "../oci/index.ts";
import { type Networks, RecentlyUsed } from "../runtime/index.ts";
import { isFromAnotherSite } from "./from-another-site.ts";
import type { ConnectionInfo } from "./listener/index.ts";

/** About how much memory certificates that proxies pass on may take. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Finds the certificate that a client has shown: to this listener, or to a proxy in front of it. */
export class ClientCertificates {
  readonly #header: CertificateHeaderOptions | undefined;
  readonly #proxies: Networks;
  /** By text: the same certificate is the same array. */
  readonly #kept = new RecentlyUsed<Uint8Array>(KEPT_BYTES);

  /**
   * @param header how proxies pass certificates on; absent: they do not
   * @param proxies the trusted ones, whose header is believed, and nobody else's
   */
  constructor(header: CertificateHeaderOptions | undefined, proxies: Networks) {
    this.#header = header;
    this.#proxies = proxies;
  }

  /**
   * @returns DER; `undefined`: there is none that is to be taken
   * @throws RegistryError `login-failed` if a trusted proxy passes on what is none
   */
  find(request: Request, connection: ConnectionInfo): Uint8Array | undefined {
    // A browser shows its certificate whichever page makes it ask, so what another site's page changes is not its user's wish.
    if (request.method !== "GET" && request.method !== "HEAD" && isFromAnotherSite(request)) return undefined;
    // What a proxy has shown itself is not its client's.
    if (!this.#header || !this.#proxies.has(connection.remoteAddress)) return connection.clientCertificate;
    const text = request.headers.get(this.#header.name) ?? "";
    return text === "" ? undefined : this.#read(text, this.#header);
  }

  #read(text: string, { name, format }: CertificateHeaderOptions): Uint8Array {
    const known = this.#kept.get(text)?.value;
    if (known) return known;
    const certificate = readCertificate(format === "xfcc" ? certificateOfElement(text) : text);
    if (!certificate)
      throw new RegistryError("login-failed", `the header ${name} of the proxy does not hold one client certificate`);
    this.#kept.set(text, certificate, text.length + certificate.byteLength);
    return certificate;
  }
}

const PEM = /^(?:-----BEGIN CERTIFICATE-----)?([A-Za-z0-9+/=\s]+)(?:-----END CERTIFICATE-----)?$/;

/** PEM or the base64 in it, percent-encoded or not: what nginx, HAProxy, Traefik and Caddy can send. */
function readCertificate(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const block = PEM.exec(percentDecoded(text).trim());
  const base64 = block?.[1]?.replaceAll(/\s/g, "") ?? "";
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? asCertificate(Buffer.from(base64, "base64")) : undefined;
}

function asCertificate(der: Buffer): Uint8Array | undefined {
  try {
    const { raw } = new X509Certificate(der);
    return raw.equals(der) ? der : undefined;
  } catch {
    return undefined;
  }
}

/** Heads of requests have no more. */
const MAX_LENGTH = 16 * 1024;

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/**
 * `Cert` of the one element: several would be those of proxies before, or of whoever made them up.
 * @spec Envoy, HTTP header manipulation, "x-forwarded-client-cert"
 */
function certificateOfElement(text: string): string | undefined {
  const pairs = [...text.matchAll(PAIR)];
  const isWhole = pairs.map(([pair]) => pair).join("") === text;
  const isOne = pairs.every(([, , , end], index) => end === (index === pairs.length - 1 ? "" : ";"));
  const certificates = pairs.filter(([, key = ""]) => key.toLowerCase() === "cert");
  if (!isWhole || !isOne || certificates.length !== 1) return undefined;
  return certificates[0]?.[2]?.replaceAll(/^"|"$/g, "");
}

/** Each begins where the one before has ended: looking for a next one from everywhere would take long. */
const PAIR = /([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^",;]*)([,;]|$)/gy;
