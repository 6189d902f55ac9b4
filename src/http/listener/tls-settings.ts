import type { TlsOptions } from "node:tls";
import type { TlsMaterial, TlsVersion } from "../tls/index.ts";

/** The numbers of the protocol versions; Bun takes them although its types do not have the key yet. */
const versionNumbers = { "tls1.2": 0x0303, "tls1.3": 0x0304 } as const;

/** What `Bun.serve` takes as `tls`. */
export function tlsSettings(material: TlsMaterial): Bun.TLSOptions & { minVersion: number } {
  const { ciphers, minimumVersion } = offerOf(material);
  return {
    cert: material.pair.certificatePem,
    key: material.pair.keyPem,
    minVersion: versionNumbers[minimumVersion],
    ...(ciphers.length > 0 && { ciphers: ciphers.join(":") }),
    ...clientSettings(material),
  };
}

/** A list with nothing but suites of TLS 1.3 leaves none for TLS 1.2. Bun always offers those of 1.3 and knows no names for them. */
function offerOf({ cipherSuites, minimumVersion }: TlsMaterial): { ciphers: string[]; minimumVersion: TlsVersion } {
  const ciphers = cipherSuites.filter((suite) => !suite.startsWith("TLS_"));
  const only13 = cipherSuites.length > 0 && ciphers.length === 0;
  return { ciphers, minimumVersion: only13 ? "tls1.3" : minimumVersion };
}

/** What `tls.createServer` takes, where certificates of clients are to be told: they are asked for in every mode. */
export function frontSettings(material: TlsMaterial): TlsOptions {
  const { ciphers, minimumVersion } = offerOf(material);
  return {
    cert: material.pair.certificatePem,
    key: material.pair.keyPem,
    minVersion: minimumVersion === "tls1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(ciphers.length > 0 && { ciphers: ciphers.join(":") }),
    ca: [...material.clientCas],
    requestCert: true,
    rejectUnauthorized: material.clientAuth === "require-and-verify-client-cert",
  };
}

function clientSettings({ clientCas, clientAuth }: TlsMaterial): Bun.TLSOptions {
  // Whoever gives no certificate to "if-given" is let in, so who would give a wrong one gains nothing by it: nobody is asked,
  // because Bun cannot refuse only the wrong ones. And without `ca` Bun would trust every public authority.
  if (clientCas.length === 0 || clientAuth === "verify-client-cert-if-given") return {};
  return { ca: [...clientCas], requestCert: true, rejectUnauthorized: clientAuth !== "request-client-cert" };
}
