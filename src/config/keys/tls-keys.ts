import { cipherSuite, domainName, flag, hostPort, oneOf, path, text, webUrl } from "../values/value-types.ts";
import { group, listOf, optional, optionalGroup, setting } from "./key.ts";

const clientAuthModes = [
  "request-client-cert",
  "require-any-client-cert",
  "verify-client-cert-if-given",
  "require-and-verify-client-cert",
] as const;

const acmeChallenges = ["http-01", "tls-alpn-01", "dns-01"] as const;

export type ClientAuthMode = (typeof clientAuthModes)[number];
export type AcmeChallenge = (typeof acmeChallenges)[number];

const letsEncryptUrl = "https://acme-v02.api.letsencrypt.org/directory";

const acmeKeys = optionalGroup(
  "Certificates that are fetched and renewed by themselves (ACME, for example Let's Encrypt).",
  {
    hosts: listOf(domainName, "The names in the certificate. Naming one turns ACME on."),
    termsagreed: setting(
      flag,
      "false",
      "`true` says that you agree to the terms of the certificate authority; needed.",
    ),
    email: optional(text, "Where the certificate authority writes to."),
    directoryurl: setting(webUrl, letsEncryptUrl, "The directory of the certificate authority."),
    directoryca: optional(path, "The PEM file of the authority behind a private directory's own certificate."),
    cachedir: optional(path, "The folder of account key and certificates.", {
      defaultNote: "`<rootdirectory>/berth/acme`; `./acme` for `storage.inmemory`",
    }),
    challenge: setting(oneOf(...acmeChallenges), "http-01", "How the names are proved."),
    httpaddr: setting(hostPort, ":80", "Where challenge `http-01` is answered; the world must reach it as port 80."),
    dnshook: optional(path, "For challenge `dns-01`: the program that sets and clears the TXT record."),
    eab: group("An account that the certificate authority gave out (external account binding).", {
      keyid: optional(text, "The name of the account's key."),
      hmackey: optional(text, "The account's key, base64url.", { secret: true }),
    }),
  },
);

const letsEncryptKeys = optionalGroup(
  "registry:2's way to say `acme` with challenge `tls-alpn-01` (port 443 must be reachable).",
  {
    cachefile: optional(path, "As `acme.cachedir`: a folder, in spite of its name."),
    email: optional(text, "As `acme.email`."),
    hosts: listOf(domainName, "As `acme.hosts`. Naming one turns it on, unless `certificate` is set."),
    directoryurl: setting(webUrl, letsEncryptUrl, "As `acme.directoryurl`."),
  },
);

export const tlsKeys = group("HTTPS. Without `certificate` and ACME hosts the server speaks plain HTTP.", {
  certificate: optional(path, "The PEM file of the certificate and its chain."),
  key: optional(path, "The PEM file of the private key."),
  clientcas: listOf(path, "PEM files of authorities whose client certificates are accepted."),
  clientauth: setting(
    oneOf(...clientAuthModes),
    "require-and-verify-client-cert",
    "What is asked of clients when `clientcas` is set.",
  ),
  minimumtls: setting(oneOf("tls1.2", "tls1.3"), "tls1.2", "The oldest version that is spoken."),
  ciphersuites: listOf(cipherSuite, "The suites of TLS 1.2 that are offered; empty: the runtime's choice."),
  acme: acmeKeys,
  letsencrypt: letsEncryptKeys,
});
