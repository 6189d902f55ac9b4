import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startListener } from "../../../../src/http/listener/index.ts";
import { parseCertificatePair } from "../../../../src/http/tls/certificate-pair.ts";
import type { TlsMaterial } from "../../../../src/http/tls/index.ts";
import { makeCertificates } from "../../../support/certificates.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function readMaterial(): Promise<TlsMaterial> {
  const { certificate, key } = await makeCertificates();
  const pemOf = (path: string) => ({ pem: readFileSync(path, "utf8"), from: path });
  const pair = parseCertificatePair({ certificate: pemOf(certificate), key: pemOf(key) });
  return { pair, clientCas: [], clientAuth: "request-client-cert", minimumVersion: "tls1.2", cipherSuites: [] };
}

test("on a unix socket a certificate that cannot be served leaves the old one in use", async () => {
  const good = await readMaterial();
  let current = good;
  let notify = (): void => undefined;
  const tls = {
    get current() {
      return current;
    },
    subscribe(onChange: () => void) {
      notify = onChange;
      return () => undefined;
    },
    useAlpnPort: () => undefined,
    checkNow: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
  const problems: string[] = [];
  const unixSocketPath = join(makeTemporaryFolder("socket"), "berth.sock");
  const listener = await startListener({
    address: { unixSocketPath },
    limits: { idleTimeoutMs: 60_000 },
    reportProblem: (message) => problems.push(message),
    fetch: () => new Response("here"),
    tls,
  });
  closers.push(() => listener.stop(0));
  const ask = async () => {
    const options = { unix: unixSocketPath, tls: { rejectUnauthorized: false }, keepalive: false };
    return (await fetch("https://localhost/", options)).text();
  };
  expect(await ask()).toBe("here");

  current = {
    ...good,
    pair: { ...good.pair, keyPem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
  };
  notify();
  await until("the refusal is told", () => problems.length > 0);
  expect(problems).toEqual(["the new certificate cannot be served: the old one stays in use"]);
  expect(await ask()).toBe("here");

  current = good;
  notify();
  await until("the next one is served", async () => (await ask().catch(() => "")) === "here");
  expect(problems).toHaveLength(1);
});
