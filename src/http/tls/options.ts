/** How the main listener speaks TLS. */
export interface TlsOptions {
  readonly certificate:
    | ({ readonly kind: "files" } & CertificateFilesOptions)
    | ({ readonly kind: "acme" } & AcmeOptions);
  /** PEM files of the authorities whose client certificates are accepted; empty: no client certificates. */
  readonly clientCaPaths: readonly string[];
  /** By registry:2's names; has a meaning only with `clientCaPaths`. */
  readonly clientAuth: ClientAuthMode;
  readonly minimumVersion: TlsVersion;
  /** Names of OpenSSL, in order of preference; empty: the runtime's choice. Those of TLS 1.3 are always offered. */
  readonly cipherSuites: readonly string[];
}

export interface CertificateFilesOptions {
  /** PEM: the certificate, then the rest of its chain. */
  readonly certificatePath: string;
  /** PEM, not encrypted. */
  readonly keyPath: string;
}

export interface AcmeOptions {
  /** The names in the certificate; at least one. A wildcard needs `dns-01`. */
  readonly hosts: readonly string[];
  readonly email: string | undefined;
  readonly directoryUrl: string;
  /** PEM file of the authority that the directory's own certificate comes from, when it is not a public one. */
  readonly directoryCaPath?: string | undefined;
  /** A folder for account key and certificates, made if missing. */
  readonly cacheDirectory: string;
  readonly challenge: AcmeChallenge;
  /** Where `http-01` is answered; the certificate authority must reach it as port 80 of each host. */
  readonly httpAddress: { readonly hostname: string; readonly port: number };
  /** The program of `dns-01`. */
  readonly dnsHookPath: string | undefined;
  /** An account that the certificate authority gave out (external account binding); the key is base64url. */
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: string } | undefined;
}

export type ClientAuthMode =
  | "request-client-cert"
  | "require-any-client-cert"
  | "verify-client-cert-if-given"
  | "require-and-verify-client-cert";

export type AcmeChallenge = "http-01" | "tls-alpn-01" | "dns-01";

export type TlsVersion = "tls1.2" | "tls1.3";
