import type { AcmeOptions, TlsOptions } from "../http/options.ts";
import type { Settings } from "./keys/index.ts";

type TlsSettings = Settings["http"]["tls"];

/** The TLS of the main server, or `undefined` for plain HTTP. */
export function buildTls(tls: TlsSettings): TlsOptions | undefined {
  const certificate = buildCertificate(tls);
  return (
    certificate && {
      certificate,
      clientCaPaths: tls.clientcas,
      clientAuth: tls.clientauth,
      minimumVersion: tls.minimumtls,
      cipherSuites: tls.ciphersuites,
    }
  );
}

function buildCertificate(tls: TlsSettings): TlsOptions["certificate"] | undefined {
  if (tls.certificate !== undefined && tls.key !== undefined) {
    return { kind: "files", certificatePath: tls.certificate, keyPath: tls.key };
  }
  if (tls.acme) return { kind: "acme", ...buildAcme(tls.acme) };
  if (tls.letsencrypt) return { kind: "acme", ...acmeOfLetsEncrypt(tls.letsencrypt) };
  return undefined;
}

function buildAcme(acme: NonNullable<TlsSettings["acme"]>): AcmeOptions {
  const { keyid, hmackey } = acme.eab;
  return {
    hosts: acme.hosts,
    email: acme.email,
    directoryUrl: acme.directoryurl,
    directoryCaPath: acme.directoryca,
    cacheDirectory: acme.cachedir ?? "./acme",
    challenge: acme.challenge,
    httpAddress: acme.httpaddr,
    dnsHookPath: acme.dnshook,
    externalAccount: keyid !== undefined && hmackey !== undefined ? { keyId: keyid, hmacKey: hmackey } : undefined,
  };
}

function acmeOfLetsEncrypt(letsencrypt: NonNullable<TlsSettings["letsencrypt"]>): AcmeOptions {
  return {
    hosts: letsencrypt.hosts,
    email: letsencrypt.email,
    directoryUrl: letsencrypt.directoryurl,
    directoryCaPath: undefined,
    cacheDirectory: letsencrypt.cachefile ?? "./acme",
    challenge: "tls-alpn-01",
    httpAddress: { hostname: "", port: 80 },
    dnsHookPath: undefined,
    externalAccount: undefined,
  };
}
