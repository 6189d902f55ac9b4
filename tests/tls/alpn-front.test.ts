import { afterEach, beforeAll, describe, expect, test } from "bun:test";

import { type Listener, startListener } from "../../src/http/listener/index.ts";
import { type AlpnChallengePort, openTlsSource, type TlsSource } from "../../src/http/tls/index.ts";
import { argv } from "../support/argv.ts";
import { runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { type IssuedFiles, TestAuthority } from "./test-authority.ts";

let authority: TestAuthority;
let registry: IssuedFiles;
let challenge: IssuedFiles;

beforeAll(async () => {
  authority = await TestAuthority.make("Server authority");
  registry = await authority.issue("registry.example");
  challenge = await authority.issue("challenge.example");
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A listener, and its port as a certificate source gets it to answer challenges on. */
async function listen(
  hostname: string,
  certificateFolder?: string,
): Promise<{ listener: Listener; port: AlpnChallengePort }> {
  const source = await openTlsSource(
    {
      certificate: { kind: "files", certificatePath: registry.certificate, keyPath: registry.key },
      clientCaPaths: certificateFolder === undefined ? [] : [authority.certificate],
      clientAuth: "verify-client-cert-if-given",
      minimumVersion: "tls1.2",
      cipherSuites: [],
    },
    {
      clock: { nowMs: () => Date.now() },
      random: () => 0,
      reportProblem: () => undefined,
      reportProgress: () => undefined,
      listenAddress: undefined,
    },
  );
  closers.push(() => source.stop());
  const handedOver = Promise.withResolvers<AlpnChallengePort>();
  const useAlpnPort: TlsSource["useAlpnPort"] = (port) => port && handedOver.resolve(port);
  const tls: TlsSource = Object.assign(Object.create(source), { useAlpnPort, subscribe: () => () => undefined });
  Object.defineProperty(tls, "current", { value: source.current });
  const listener = await startListener({
    address: { hostname, port: 0 },
    limits: { idleTimeoutMs: 60_000 },
    reportProblem: () => undefined,
    fetch: (_request, { remoteAddress }) => new Response(remoteAddress),
    tls,
    certificateFolder,
    handoverMs: 100,
  });
  closers.push(() => listener.stop(0));
  return { listener, port: await handedOver.promise };
}

/** What the registry answers to a client that comes from this address: the address, as it sees it. */
async function ask({ port }: Listener, from: string): Promise<string> {
  const { stdout, output } = await runProgram(argv`curl --silent --show-error --interface ${from}
    --cacert ${authority.certificate} https://127.0.0.1:${String(port)}/`);
  return stdout || output;
}

/** The certificate that a certificate authority would see, and the protocol that was agreed on. */
async function probe({ port }: Listener, host: string): Promise<string> {
  const { output } = await runProgram(argv`openssl s_client -alpn acme-tls/1 -servername ${host}
    -connect 127.0.0.1:${String(port)}`);
  return `${/subject=CN = (.*)/u.exec(output)?.[1] ?? "nobody"} by ${/ALPN protocol: (.*)/u.exec(output)?.[1] ?? "none"}`;
}

describe.each([
  ["127.0.0.1", "serves"],
  ["", "serves"],
  ["", "tells certificates of clients"],
])("a challenge on the port of the registry, which listens on %j and %s", (hostname, does) => {
  test("is answered while clients are served as before, and only then", async () => {
    const folder = does === "serves" ? undefined : makeTemporaryFolder("inside");
    const { listener, port } = await listen(hostname, folder);
    expect(await probe(listener, "challenge.example")).toBe("registry.example by none");
    const answer = {
      host: "challenge.example",
      certificatePem: await Bun.file(challenge.certificate).text(),
      keyPem: await Bun.file(challenge.key).text(),
    };
    const close = await port.answer(new Map([[answer.host, answer]]));
    expect(await probe(listener, "challenge.example")).toBe("challenge.example by acme-tls/1");
    expect(await probe(listener, "other.example")).toBe("nobody by none");
    expect(await ask(listener, "127.0.0.2")).toBe("127.0.0.2");
    expect(await ask(listener, "127.0.0.3")).toBe("127.0.0.3");
    await close();
    expect(await probe(listener, "challenge.example")).toBe("registry.example by none");
    expect(await ask(listener, "127.0.0.2")).toBe("127.0.0.2");
  });
});
