import type { CertificatePair } from "./certificate-pair.ts";
import type { ClientAuthMode, TlsVersion } from "./options.ts";

/** Everything that new connections are served with. */
export interface TlsMaterial {
  readonly pair: CertificatePair;
  /** PEM texts; empty when clients are not asked for a certificate. */
  readonly clientCas: readonly string[];
  readonly clientAuth: ClientAuthMode;
  readonly minimumVersion: TlsVersion;
  /** Names of OpenSSL for TLS 1.2; empty: the runtime's choice. */
  readonly cipherSuites: readonly string[];
}

/** Where a listener gets its certificate from, now and after each renewal. */
export interface TlsSource {
  readonly current: TlsMaterial;
  /** Calls back after `current` changed. Returns the function that ends it. */
  subscribe(onChange: () => void): () => void;
  /** Hands over the listener's port for TLS-ALPN-01, or takes it back with `undefined`. */
  useAlpnPort(port: AlpnChallengePort | undefined): void;
  /** Looks at the files now instead of at the next poll. */
  checkNow(): Promise<void>;
  stop(): Promise<void>;
}

/** A certificate that proves control over one host to a certificate authority. @spec RFC 8737, section 3 */
export interface AlpnCertificate {
  readonly host: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A port on which handshakes that ask for the protocol `acme-tls/1` can be answered. */
export interface AlpnChallengePort {
  /** Answers such handshakes until the returned function is called; other connections are served as before. */
  answer(certificates: ReadonlyMap<string, AlpnCertificate>): Promise<() => Promise<void>>;
}

/** Tells the operator of something that does not stop the registry. */
export type ReportProblem = (message: string, cause?: unknown) => void;
