/**
 * Where the certificates of a listener come from: files that are followed, or an ACME authority. It checks, orders, keeps and
 * renews them; sockets are the listener's.
 */
export { type AlpnResponder, startAlpnResponder } from "./acme/alpn-responder.ts";
export type { CertificatePair } from "./certificate-pair.ts";
export { openTlsSource, type TlsDependencies } from "./open-tls-source.ts";
export type {
  AcmeChallenge,
  AcmeOptions,
  CertificateFilesOptions,
  ClientAuthMode,
  TlsOptions,
  TlsVersion,
} from "./options.ts";
export { TlsError, type TlsFault } from "./tls-error.ts";
export type { AlpnCertificate, AlpnChallengePort, ReportProblem, TlsMaterial, TlsSource } from "./tls-source.ts";
export { watchExpiry } from "./watch-expiry.ts";
