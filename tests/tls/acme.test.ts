import { X509Certificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";

import { type Listener, startListener } from "../../src/http/listener/index.ts";
import { type AcmeOptions, openTlsSource, type TlsSource } from "../../src/http/tls/index.ts";
import { takeFreePort } from "../support/free-port.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { type Pebble, startPebble } from "./pebble.ts";
import { until } from "../support/until.ts";

const program = requireProgram("pebble");
const nameServer = requireProgram("pebble-challtestsrv", "pebble");

program.describe("a certificate by ACME, from Pebble", () => {
  let pebble: Pebble;
  beforeAll(async () => {
    pebble = await startPebble(program.path, nameServer.path);
  });
  afterAll(() => pebble.stop());

  const closers: (() => unknown)[] = [];
  const problems: string[] = [];
  const progress: string[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    problems.length = 0;
    progress.length = 0;
  });

  /** A clock that stands at the true time until it is turned. */
  class TurnedClock {
    aheadMs = 0;
    nowMs = () => Date.now() + this.aheadMs;
  }

  interface Setup {
    readonly acme?: Partial<AcmeOptions>;
    readonly clock?: TurnedClock;
    readonly listenPort?: number;
    readonly signal?: AbortSignal;
  }

  async function open({ acme = {}, clock = new TurnedClock(), listenPort = 5000, signal }: Setup): Promise<TlsSource> {
    const source = await openTlsSource(
      {
        certificate: {
          kind: "acme",
          hosts: ["registry.example"],
          email: "admin@registry.example",
          directoryUrl: pebble.directoryUrl,
          directoryCaPath: pebble.directoryCaPath,
          cacheDirectory: makeTemporaryFolder("acme"),
          challenge: "http-01",
          httpAddress: { hostname: "127.0.0.1", port: pebble.httpPort },
          dnsHookPath: undefined,
          externalAccount: undefined,
          ...acme,
        },
        clientCaPaths: [],
        clientAuth: "require-and-verify-client-cert",
        minimumVersion: "tls1.2",
        cipherSuites: [],
      },
      {
        clock,
        random: () => 0,
        reportProblem: (message, cause) => problems.push(`${message}: ${String(cause)}`),
        reportProgress: (message) => progress.push(message),
        listenAddress: { hostname: "127.0.0.1", port: listenPort },
        ...(signal && { signal }),
        acme: { pace: { pollMinMs: 100, pollMaxMs: 500, requestTimeoutMs: 10_000, orderTimeoutMs: 60_000 } },
      },
    );
    closers.push(() => source.stop());
    return source;
  }

  async function listen(
    source: TlsSource,
    port: number,
    body: () => Response = () => new Response(),
  ): Promise<Listener> {
    const listener = await startListener({
      address: { hostname: "127.0.0.1", port },
      limits: { idleTimeoutMs: 60_000 },
      reportProblem: (message, cause) => problems.push(`${message}: ${String(cause)}`),
      fetch: (_request, { remoteAddress, remotePort }) => {
        const answer = body();
        answer.headers.set("X-Peer", `${remoteAddress}:${remotePort}`);
        return answer;
      },
      tls: source,
      handoverMs: 200,
    });
    closers.push(() => listener.stop(0));
    return listener;
  }

  const certificateOf = (source: TlsSource) => new X509Certificate(source.current.pair.certificatePem);

  /** Shakes hands as a client that trusts Pebble's root and asks for the host; rejects when it does not trust. */
  async function serialServedBy(listener: Listener, host = "registry.example"): Promise<string> {
    const ca = await pebble.root();
    return new Promise((resolve, reject) => {
      const port = listener.port ?? 0;
      const socket = connect({ host: "127.0.0.1", port, servername: host, ca }, () => {
        const { serialNumber } = socket.getPeerCertificate();
        socket.once("close", () => resolve(serialNumber)).destroy();
      });
      socket.once("error", reject);
    });
  }

  describe("by http-01", () => {
    test("is trusted by clients, and kept where nobody else can read it", async () => {
      const cacheDirectory = makeTemporaryFolder("acme");
      const source = await open({ acme: { cacheDirectory, hosts: ["registry.example", "mirror.example"] } });
      const listener = await listen(source, 0);
      expect(await serialServedBy(listener, "registry.example")).toBe(certificateOf(source).serialNumber);
      expect(await serialServedBy(listener, "mirror.example")).toBe(certificateOf(source).serialNumber);
      expect(problems).toEqual([]);
      expect(progress).toEqual([expect.stringContaining("new certificate for registry.example, mirror.example")]);
      const [folder = ""] = readdirSync(cacheDirectory);
      const files = readdirSync(join(cacheDirectory, folder)).sort();
      expect(files).toEqual(["account.key", "account.url", "registry.example.pem"]);
      for (const file of files) expect(statSync(join(cacheDirectory, folder, file)).mode & 0o777).toBe(0o600);
    });

    test("is taken from the cache at the next start, and ordered anew when a host was added", async () => {
      const cacheDirectory = makeTemporaryFolder("acme");
      const first = await open({ acme: { cacheDirectory } });
      await first.stop();
      const second = await open({ acme: { cacheDirectory } });
      expect(certificateOf(second).serialNumber).toBe(certificateOf(first).serialNumber);
      await second.stop();
      const third = await open({ acme: { cacheDirectory, hosts: ["registry.example", "added.example"] } });
      expect(third.current.pair.names).toEqual(["registry.example", "added.example"]);
      expect(progress).toHaveLength(2);
    });

    test("is ordered anew at a start after its end", async () => {
      const cacheDirectory = makeTemporaryFolder("acme");
      const first = await open({ acme: { cacheDirectory } });
      await first.stop();
      const clock = new TurnedClock();
      clock.aheadMs = first.current.pair.notAfterMs - Date.now();
      const second = await open({ acme: { cacheDirectory }, clock });
      expect(certificateOf(second).serialNumber).not.toBe(certificateOf(first).serialNumber);
    });

    test("leads everybody else on the challenge port to HTTPS", async () => {
      await open({ listenPort: 5443 });
      const response = await fetch(`http://127.0.0.1:${pebble.httpPort}/v2/?a=b`, {
        headers: { Host: "registry.example" },
        redirect: "manual",
      });
      expect(response.status).toBe(301);
      expect(response.headers.get("location")).toBe("https://registry.example:5443/v2/?a=b");
    });

    test("is renewed when two thirds of its life are over, and not before", async () => {
      const clock = new TurnedClock();
      const source = await open({ clock });
      const listener = await listen(source, 0);
      const first = await serialServedBy(listener);
      const { notBeforeMs, notAfterMs } = source.current.pair;
      clock.aheadMs = (notAfterMs - notBeforeMs) * 0.6;
      await source.checkNow();
      expect(certificateOf(source).serialNumber).toBe(first);
      clock.aheadMs = (notAfterMs - notBeforeMs) * 0.7;
      await source.checkNow();
      const second = certificateOf(source).serialNumber;
      expect(second).not.toBe(first);
      await until("the new one is served", async () => (await serialServedBy(listener)) === second);
      expect(problems).toEqual([]);
    });

    test("stays in use when a renewal fails, which is tried again after a pause", async () => {
      const clock = new TurnedClock();
      const cacheDirectory = makeTemporaryFolder("acme");
      const first = await open({ acme: { cacheDirectory } });
      await first.stop();
      // Pebble lets an account go on by what it has proved before, in one order of a hundred even when it is told not to.
      const [folder = ""] = readdirSync(cacheDirectory);
      for (const file of ["account.key", "account.url"]) rmSync(join(cacheDirectory, folder, file));
      const lifetimeMs = first.current.pair.notAfterMs - first.current.pair.notBeforeMs;
      // Pebble looks for the answer where nobody gives it.
      const httpAddress = { hostname: "127.0.0.1", port: takeFreePort() };
      const source = await open({ acme: { cacheDirectory, httpAddress }, clock });
      clock.aheadMs = lifetimeMs * 0.7;
      await source.checkNow();
      await source.checkNow();
      expect(problems).toHaveLength(1);
      expect(problems[0]).toStartWith("ordering a certificate failed: next attempt in 5 minutes");
      clock.aheadMs += 5 * 60_000;
      await source.checkNow();
      expect(problems).toHaveLength(2);
      expect(problems[1]).toStartWith("ordering a certificate failed: next attempt in 10 minutes");
      expect(certificateOf(source).serialNumber).toBe(certificateOf(first).serialNumber);
    });

    test("that cannot be had yet is waited for until the start is given up", async () => {
      const stop = new AbortController();
      const opened = open({
        acme: { httpAddress: { hostname: "127.0.0.1", port: takeFreePort() } },
        signal: stop.signal,
      }).catch((error: unknown) => error);
      await until("a problem is reported", () => problems.length > 0);
      stop.abort();
      expect(await opened).toMatchObject({ reason: "order-failed" });
      expect(problems).toHaveLength(1);
    });

    test("is not waited for at the start when the stop comes in the middle of an order", async () => {
      // An authority that takes the connection and never answers.
      const asked = Promise.withResolvers<void>();
      const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => asked.resolve() } });
      closers.push(() => silent.stop(true));
      const stop = new AbortController();
      const opened = open({
        acme: { directoryUrl: `https://127.0.0.1:${silent.port}/dir` },
        signal: stop.signal,
      }).catch((error: unknown) => error);
      await asked.promise;
      stop.abort();
      expect(await opened).toMatchObject({ reason: "order-failed" });
      expect(problems).toEqual([]);
    });
  });

  describe("by tls-alpn-01, on the registry's own port", () => {
    test("is there before the registry listens, and renewed while it serves", async () => {
      const clock = new TurnedClock();
      const listenPort = pebble.tlsPort;
      const source = await open({ acme: { challenge: "tls-alpn-01" }, clock, listenPort });
      const body = Buffer.alloc(16 * 1024 * 1024, "berth");
      const file = join(makeTemporaryFolder("blob"), "data");
      await Bun.write(file, body);
      const listener = await listen(source, listenPort, () => new Response(Bun.file(file)));
      const first = await serialServedBy(listener);
      const ca = await pebble.root();
      const download = await fetch(listener.url, {
        headers: { Host: "registry.example" },
        tls: { ca, serverName: "registry.example" },
      });

      clock.aheadMs = (source.current.pair.notAfterMs - source.current.pair.notBeforeMs) * 0.7;
      const renewal = source.checkNow();
      const peers = new Set<string>();
      const failures: unknown[] = [];
      const renewed = new AbortController();
      void renewal.then(() => renewed.abort());
      while (!renewed.signal.aborted) {
        const request = fetch(listener.url, {
          method: "HEAD",
          keepalive: false,
          tls: { ca, checkServerIdentity: () => undefined },
        });
        await request.then(
          ({ headers }) => peers.add(String(headers.get("x-peer")).replace(/:\d+$/, "")),
          (error: unknown) => failures.push(error),
        );
      }
      const second = certificateOf(source).serialNumber;
      expect(second).not.toBe(first);
      await until("the new one is served", async () => (await serialServedBy(listener)) === second);
      expect(failures).toEqual([]);
      expect([...peers]).toEqual(["127.0.0.1"]);
      expect(problems).toEqual([]);
      expect(Buffer.compare(Buffer.from(await download.arrayBuffer()), body)).toBe(0);
    });
  });

  describe("by dns-01 through the operator's program", () => {
    /** A program that speaks with Pebble's name server, and writes down how it was called. */
    async function makeHook(): Promise<{ hook: string; calls: () => Promise<string[]> }> {
      const folder = makeTemporaryFolder("hook");
      const [hook, log] = [join(folder, "hook"), join(folder, "calls")];
      await Bun.write(
        hook,
        `#!/bin/sh
set -eu
echo "$1 $2 $3" >> ${log}
case $1 in
  present) curl -sf -d "{\\"host\\":\\"$3.\\",\\"value\\":\\"$4\\"}" ${pebble.setTxtUrl} ;;
  cleanup) curl -sf -d "{\\"host\\":\\"$3.\\"}" ${pebble.clearTxtUrl} ;;
esac
`,
      );
      chmodSync(hook, 0o755);
      return { hook, calls: async () => (await Bun.file(log).text()).trim().split("\n") };
    }

    test("may be for a wildcard", async () => {
      const { hook, calls } = await makeHook();
      const hosts = ["*.registry.example"];
      const source = await open({ acme: { challenge: "dns-01", dnsHookPath: hook, hosts } });
      expect(await serialServedBy(await listen(source, 0), "any.registry.example")).toBe(
        certificateOf(source).serialNumber,
      );
      expect(await calls()).toEqual([
        "present registry.example _acme-challenge.registry.example",
        "cleanup registry.example _acme-challenge.registry.example",
      ]);
    });

    test("is reported with what the program said when it fails", async () => {
      const hook = join(makeTemporaryFolder("hook"), "hook");
      await Bun.write(hook, "#!/bin/sh\necho no rights on zone >&2\nexit 3\n");
      chmodSync(hook, 0o755);
      const stop = new AbortController();
      const opened = open({ acme: { challenge: "dns-01", dnsHookPath: hook }, signal: stop.signal }).catch(
        () => undefined,
      );
      await until("a problem is reported", () => problems.length > 0);
      stop.abort();
      await opened;
      expect(problems[0]).toContain("ended with 3: no rights on zone");
    });
  });

  test("for a wildcard by http-01 is refused at the start", async () => {
    const error = await open({ acme: { hosts: ["*.registry.example"] } }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "options-refused" });
  });

  test("is not kept where a file is", async () => {
    const cacheDirectory = join(makeTemporaryFolder("acme"), "letsencrypt.cache");
    await Bun.write(cacheDirectory, "{}");
    const error = await open({ acme: { cacheDirectory } }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "cache-unusable" });
    expect(existsSync(cacheDirectory)).toBe(true);
  });

  test("needs the account that the authority gave out, where it demands one", async () => {
    const externalAccount = {
      keyId: "kid-1",
      hmacKey: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
    };
    const strict = await startPebble(program.path, nameServer.path, {
      externalAccountKeys: { [externalAccount.keyId]: externalAccount.hmacKey },
    });
    closers.push(() => strict.stop());
    const { directoryUrl, directoryCaPath, httpPort } = strict;
    const acme = { directoryUrl, directoryCaPath, httpAddress: { hostname: "127.0.0.1", port: httpPort } };
    const source = await open({ acme: { ...acme, externalAccount } });
    expect(source.current.pair.names).toEqual(["registry.example"]);
    await source.stop();
    const stop = new AbortController();
    const refused = open({ acme, signal: stop.signal }).catch((error: unknown) => error);
    await until("a problem is reported", () => problems.length > 0);
    stop.abort();
    await refused;
    expect(problems[0]).toContain("externalAccountBinding");
  });
});
