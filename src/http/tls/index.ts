/**
 * Where the certificates of a listener come from: files that are followed, or an ACME authority. It checks, orders, keeps and
 * renews them; sockets are the listener's.
 */
export { startAlpnResponder } from "./acme/alpn-responder.ts";
export { openTlsSource } from "./open-tls-source.ts";
export type { AcmeOptions, ClientAuthMode, TlsOptions, TlsVersion } from "./options.ts";
export { TlsError } from "./tls-error.ts";
export type { AlpnCertificate, AlpnChallengePort, ReportProblem, TlsMaterial, TlsSource } from "./tls-source.ts";
export { watchExpiry } from "./watch-expiry.ts";
