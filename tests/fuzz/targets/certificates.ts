import { equal, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";

import { parseCertificate } from "../../../src/auth/client-certificates/parse-certificate.ts";
import { bytesOf, outcomeOf } from "../engine/expectations.ts";
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

function readByRuntime(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
