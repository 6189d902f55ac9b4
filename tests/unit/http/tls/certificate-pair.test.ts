import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseCertificatePair } from "../../../../src/http/tls/certificate-pair.ts";
import { argv } from "../../../support/argv.ts";
import { mustRun } from "../../../support/run-program.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { TestAuthority } from "../../../tls/test-authority.ts";

let authority: string;
let certificate: string;
let key: string;
let otherKey: string;

beforeAll(async () => {
  const issuer = await TestAuthority.make("Authority");
  const read = (path: string) => readFileSync(path, "utf8");
  const [one, two] = [await issuer.issue("one.example"), await issuer.issue("two.example")];
  [authority, certificate, key, otherKey] = [issuer.certificate, one.certificate, one.key, two.key].map(read) as [
    string,
    string,
    string,
    string,
  ];
});

const parse = (certificatePem: string, keyPem: string) =>
  parseCertificatePair({
    certificate: { pem: certificatePem, from: "tls.crt" },
    key: { pem: keyPem, from: "tls.key" },
  });

function faultOf(certificatePem: string, keyPem: string): unknown {
  try {
    return parse(certificatePem, keyPem);
  } catch (error) {
    return error;
  }
}

describe("a certificate and its key", () => {
  test("tell for what and until when they are", () => {
    const pair = parse(certificate, key);
    expect(pair.names).toEqual(["127.0.0.1", "localhost", "one.example"]);
    expect(pair.notAfterMs - pair.notBeforeMs).toBe(2 * 24 * 60 * 60_000);
  });

  test("keep the rest of the chain, in order", () => {
    expect(parse(`${certificate}${authority}`, key).certificatePem).toBe(`${certificate}${authority}`);
  });

  test("may stand in one file, with words between", () => {
    const combined = `subject=one\n${certificate}\nnotes\n${key}`;
    expect(parse(combined, combined)).toEqual(parse(certificate, key));
  });

  test.each(["rsa:2048", "ed25519"])("may be of the kind %s", async (kind) => {
    const folder = makeTemporaryFolder("kind");
    const [certificatePath, keyPath] = [join(folder, "crt"), join(folder, "key")];
    await mustRun(
      argv`openssl req -x509 -newkey ${kind} -nodes -days 2 -subj /CN=x -keyout ${keyPath} -out ${certificatePath}`,
    );
    expect(parse(readFileSync(certificatePath, "utf8"), readFileSync(keyPath, "utf8")).names).toEqual([]);
  });

  test("may be in the forms of old programs", async () => {
    const old = await mustRun(argv`openssl ec -in /dev/stdin`, { input: key });
    expect(old.stdout).toStartWith("-----BEGIN EC PRIVATE KEY-----");
    expect(parse(certificate, old.stdout)).toEqual(parse(certificate, key));
  });

  test("that do not belong together are refused", () => {
    expect(faultOf(certificate, otherKey)).toMatchObject({
      reason: "pair-mismatch",
      message: "the private key in tls.key is not the one of the certificate in tls.crt",
    });
  });

  test("in the wrong order are refused with a hint", () => {
    expect(faultOf(`${authority}${certificate}`, key)).toMatchObject({
      reason: "pair-mismatch",
      message: "in tls.crt the certificate of the key is number 2: it must be the first",
    });
  });

  test("that are no PEM are refused", () => {
    expect(faultOf("", key)).toMatchObject({ reason: "certificate-unreadable" });
    expect(faultOf(key, key)).toMatchObject({ reason: "certificate-unreadable" });
    expect(faultOf(certificate, certificate)).toMatchObject({ reason: "key-unreadable" });
  });

  test("that are broken are refused with their place", () => {
    const broken = certificate.replace("MII", "AAA");
    expect(faultOf(`${certificate}${broken}`, key)).toMatchObject({
      reason: "certificate-unreadable",
      message: "certificate 2 of tls.crt is broken",
    });
    expect(faultOf(certificate, key.replace("MIG", "AAA"))).toMatchObject({ reason: "key-unreadable" });
  });

  test("are refused when the key is encrypted", async () => {
    const encrypted = await mustRun(argv`openssl pkcs8 -topk8 -passout pass:secret -in /dev/stdin`, { input: key });
    expect(faultOf(certificate, encrypted.stdout)).toMatchObject({
      reason: "key-unreadable",
      message: expect.stringContaining("is encrypted"),
    });
  });
});
