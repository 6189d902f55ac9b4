import { equal, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";

import { parseCertificate } from "../../../src/auth/client-certificates/parse-certificate.ts";
import { ClientCertificates } from "../../../src/http/client-certificates.ts";
import { Networks } from "../../../src/runtime/networks.ts";
import { bytesOf, headersOf, outcomeOf, registryOutcomeOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

/** With names of all kinds, and an end in 2050. */
const FULL =
  "MIIBlTCCATugAwIBAgIBATAKBggqhkjOPQQDAjAzMRMwEQYDVQQKDApBY21lLCBJbmMuMRwwDgYDVQQDDAdKw7xyZ2VuMAoGA1UECwwDb3BzMC" +
  "AXDTAwMDEwMTAwMDAwMFoYDzIwNTAwMTAxMDAwMDAwWjAzMRMwEQYDVQQKDApBY21lLCBJbmMuMRwwDgYDVQQDDAdKw7xyZ2VuMAoGA1UECwwD" +
  "b3BzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGZVobRcYHSHtbAcBRiJvFDsoaXjYPfyNJabqVUdkpKN4VY9eNAxWn9sxTq8OKTHTHH1wwJ" +
  "dvocALYOltCEYcjqM+MDwwOgYDVR0RBDMwMYEKYUBhY21lLmNvbYIJYS5jaS5hY21lhhJzcGlmZmU6Ly9hY21lL2NpL2GHBH8AAAEwCgYIKoZI" +
  "zj0EAwIDSAAwRQIgZXm5PZxIp35kt8LZEtyLyuhDb81/wi0AM3RBCTrt8Q8CIQDh1o18wJpcAXhNZpP93jCzkNnZSnPazOWkynTtcDgH9Q==";
const SMALL =
  "MIIBCjCBsaADAgECAgEBMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMTA2JvYjAgFw0wMDAxMDEwMDAwMDBaGA8yMDk5MDEwMTAwMDAwMFowDjEMMA" +
  "oGA1UEAxMDYm9iMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGZVobRcYHSHtbAcBRiJvFDsoaXjYPfyNJabqVUdkpKN4VY9eNAxWn9sxTq8O" +
  "KTHTHH1wwJdvocALYOltCEYcjjAKBggqhkjOPQQDAgNIADBFAiEAx/fk78hnbaF7ojpRHa3e5uEtfuWgMP5igx6wFZKbfB0CIBhIat8UaXONAc" +
  "8k5a7WJdHY417/LGUaslA6EJJ64Ipo";

const bytesIn = (base64: string) => Buffer.from(base64, "base64").toString("latin1");

export const certificates: FuzzTarget = {
  name: "certificates",
  corpus: [bytesIn(FULL), bytesIn(SMALL)],
  words: [
    "\x30\x82",
    "\x31",
    "\x0c",
    "\x06\x03\x55\x04\x03",
    "\x06\x03\x55\x1d\x11",
    "\x82",
    "\xa3",
    "\0",
    "\xff",
    "\x80",
  ],
  maxLength: 4096,
  testInputs: 20_000,
  check(text) {
    const der = bytesOf(text);
    const outcome = outcomeOf(
      () => parseCertificate(der),
      (error) => error instanceof RangeError,
    );
    if (!outcome.isAccepted) return;
    const { subject, subjectAltNames, notAfterMs } = outcome.value;
    for (const value of [...subject, ...subjectAltNames].map((name) => name.value))
      ok(value === undefined || (value !== "" && !/[\p{Cc}\p{Cf}]/u.test(value)), "a name with what cannot be seen");
    const known = readByRuntime(der);
    // Bytes that both read say the same to both. The text of an early year is one of another century.
    if (known && notAfterMs > Date.UTC(1950) && Number.isFinite(Date.parse(known.validTo)))
      equal(Date.parse(known.validTo), notAfterMs);
  },
};

const NAME = "x-client-cert";
const proxies = new Networks(["10.0.0.0/8"]);
const readers = (["pem", "xfcc"] as const).map((format) => new ClientCertificates({ name: NAME, format }, proxies));
const proxy = {
  remoteAddress: "10.0.0.1",
  remotePort: 1,
  tls: true,
  clientCertificate: undefined,
  expectLongTransfer: () => undefined,
  withoutIdleTimeout: <T>(work: () => Promise<T>) => work(),
};
const pem = (base64: string) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;

export const certificateHeaders: FuzzTarget = {
  name: "certificate-headers",
  corpus: [
    FULL,
    encodeURIComponent(pem(SMALL)),
    `By=spiffe://acme/proxy;Cert="${encodeURIComponent(pem(FULL))}";Subject="CN=alice,O=\\"x;y\\""`,
    "a".repeat(16_000),
    `${"%20".repeat(5400)}-`,
  ],
  words: ["Cert=", '"', ";", ",", "\\", "%0a", "%20", "-----END CERTIFICATE-----"],
  maxLength: 16_384,
  testInputs: 1000,
  check(text) {
    const headers = headersOf({ [NAME]: text });
    if (headers === undefined) return;
    const request: Request = new Request("http://a/", { headers });
    for (const reader of readers) {
      const outcome = registryOutcomeOf<Uint8Array | undefined>(() => reader.find(request, proxy), "login-failed");
      if (outcome.isAccepted && outcome.value !== undefined)
        ok(readByRuntime(outcome.value)?.raw.equals(outcome.value), "more or less than one certificate");
    }
  },
};

function readByRuntime(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
