import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";

import { type Listener, startListener } from "../../src/http/listener/index.ts";
import { openTlsSource, type TlsOptions, type TlsSource } from "../../src/http/tls/index.ts";
import { argv } from "../support/argv.ts";
import { runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { type IssuedFiles, TestAuthority } from "./test-authority.ts";
import { until as soon } from "../support/until.ts";

let authority: TestAuthority;
let clients: TestAuthority;
let first: IssuedFiles;
let second: IssuedFiles;
let client: IssuedFiles;
let stranger: IssuedFiles;
let trusted: string;

beforeAll(async () => {
  authority = await TestAuthority.make("Server authority");
  clients = await TestAuthority.make("Client authority");
  const strangers = await TestAuthority.make("Somebody else's authority");
  [first, second, client, stranger] = [
    await authority.issue("first.example"),
    await authority.issue("second.example"),
    await clients.issue("alice"),
    await strangers.issue("mallory"),
  ];
  trusted = await Bun.file(authority.certificate).text();
});

const closers: (() => unknown)[] = [];
const problems: string[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  problems.length = 0;
});

interface Served {
  readonly listener: Listener;
  readonly source: TlsSource;
  /** Where the served pair lies, to be replaced. */
  readonly certificate: string;
  readonly key: string;
}

async function serve(
  changes: Partial<TlsOptions> = {},
  body: () => Response = () => new Response("ok"),
): Promise<Served> {
  const folder = makeTemporaryFolder("served");
  const [certificate, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  copyFileSync(first.certificate, certificate);
  copyFileSync(first.key, key);
  const reportProblem = (message: string, cause?: unknown) => problems.push(`${message}: ${String(cause)}`);
  const source = await openTlsSource(
    {
      certificate: { kind: "files", certificatePath: certificate, keyPath: key },
      clientCaPaths: [],
      clientAuth: "require-and-verify-client-cert",
      minimumVersion: "tls1.2",
      cipherSuites: [],
      ...changes,
    },
    {
      clock: { nowMs: () => Date.now() },
      random: () => 0,
      reportProblem,
      reportProgress: () => undefined,
      listenAddress: undefined,
      // Only asked for: the tests decide when the files are looked at.
      pollIntervalMs: 3_600_000,
    },
  );
  closers.push(() => source.stop());
  const listener = await startListener({
    address: { hostname: "127.0.0.1", port: 0 },
    limits: { idleTimeoutMs: 60_000 },
    reportProblem,
    fetch: (_request, { tls }) => (tls ? body() : new Response("not TLS", { status: 500 })),
    tls: source,
    handoverMs: 300,
  });
  closers.push(() => listener.stop(0));
  return { listener, source, certificate, key };
}

function install(served: Served, files: IssuedFiles): void {
  copyFileSync(files.certificate, served.certificate);
  copyFileSync(files.key, served.key);
}

interface Handshake {
  /** The certificate's first name. */
  readonly name: string | undefined;
  readonly version: string | null;
  readonly cipher: string;
}

/** Shakes hands as a client that trusts the authority. */
function shakeHands({ listener }: Served, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const port = listener.port ?? 0;
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: trusted, ...options }, () => {
      const name = socket.getPeerCertificate().subject.CN;
      const shaken = { name: String(name), version: socket.getProtocol(), cipher: socket.getCipher().name };
      socket.once("close", () => resolve(shaken)).destroy();
    });
    socket.once("error", reject);
  });
}

const faultOf = (handshake: Promise<unknown>) => handshake.catch((error: Error) => error.message);

describe("a certificate from files", () => {
  test("serves clients that trust its authority", async () => {
    expect(await shakeHands(await serve())).toMatchObject({ name: "first.example", version: "TLSv1.3" });
  });

  test("is the new one for the next connection after the files changed", async () => {
    const served = await serve();
    install(served, second);
    await served.source.checkNow();
    await until(async () => (await shakeHands(served)).name === "second.example");
    install(served, first);
    await served.source.checkNow();
    await until(async () => (await shakeHands(served)).name === "first.example");
    expect(problems).toEqual([]);
  });

  test("is found by itself where the folder is a link that is turned, as Kubernetes does", async () => {
    const folder = makeTemporaryFolder("secret");
    for (const [name, files] of Object.entries({ one: first, two: second })) {
      mkdirSync(join(folder, name));
      copyFileSync(files.certificate, join(folder, name, "tls.crt"));
      copyFileSync(files.key, join(folder, name, "tls.key"));
    }
    symlinkSync("one", join(folder, "..data"));
    for (const file of ["tls.crt", "tls.key"]) symlinkSync(join("..data", file), join(folder, file));
    const [certificatePath, keyPath] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    const served = await serve({ certificate: { kind: "files", certificatePath, keyPath } });
    symlinkSync("two", join(folder, "..data_new"));
    renameSync(join(folder, "..data_new"), join(folder, "..data"));
    await served.source.checkNow();
    await until(async () => (await shakeHands(served)).name === "second.example");
  });

  test("stays the old one, and is reported once, when the new files do not fit", async () => {
    const served = await serve();
    copyFileSync(second.certificate, served.certificate);
    await served.source.checkNow();
    expect(problems).toEqual([]);
    await served.source.checkNow();
    await served.source.checkNow();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`the private key in ${served.key} is not the one of the certificate`);
    expect((await shakeHands(served)).name).toBe("first.example");
    copyFileSync(second.key, served.key);
    await served.source.checkNow();
    await until(async () => (await shakeHands(served)).name === "second.example");
  });

  test("changes under a running download, which ends whole, and under new connections, of which none is refused", async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, "berth");
    const file = join(makeTemporaryFolder("blob"), "data");
    writeFileSync(file, body);
    const served = await serve({}, () => new Response(Bun.file(file)));
    const download = startDownload(served.listener);
    await download.started;
    const over = new AbortController();
    const failures: unknown[] = [];
    const names = new Set<string | undefined>();
    const connectAgain = () =>
      shakeHands(served).then(
        ({ name }) => names.add(name),
        (error: unknown) => failures.push(error),
      );
    const connecting = (async () => {
      while (!over.signal.aborted) await connectAgain();
    })();
    for (const files of [second, first, second, first, second]) {
      install(served, files);
      await served.source.checkNow();
      await until(async () => (await shakeHands(served)).name === nameOf(files));
    }
    over.abort();
    await connecting;
    expect(failures).toEqual([]);
    expect(names).toEqual(new Set(["first.example", "second.example"]));
    expect(served.listener.pendingRequests).toBe(1);
    download.readOn();
    expect(Buffer.compare(await download.body, body)).toBe(0);
  });

  test("is refused at the start when key and certificate do not fit", async () => {
    const error = await serve({
      certificate: { kind: "files", certificatePath: first.certificate, keyPath: second.key },
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "pair-mismatch" });
  });
});

const nameOf = (files: IssuedFiles) => (files === first ? "first.example" : "second.example");

const until = (isTrue: () => Promise<boolean>) => soon(String(isTrue), isTrue);

/** A client that has got the head and reads the rest when it is told to. */
function startDownload(listener: Listener): { started: Promise<void>; body: Promise<Buffer>; readOn: () => void } {
  const started = Promise.withResolvers<void>();
  const whole = Promise.withResolvers<Buffer>();
  let readOn = () => {};
  const download = request(listener.url, { ca: trusted, servername: "localhost" }, (response) => {
    const chunks: Buffer[] = [];
    response.pause();
    response.on("end", () => whole.resolve(Buffer.concat(chunks)));
    response.on("error", whole.reject);
    readOn = () => response.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
    started.resolve();
  });
  download.on("error", whole.reject);
  download.end();
  return { started: started.promise, body: whole.promise, readOn: () => readOn() };
}

describe("the protocol version", () => {
  const only = (version: "TLSv1.2" | "TLSv1.3") => ({ minVersion: version, maxVersion: version }) as const;

  test("may be 1.2 and 1.3 by default", async () => {
    const served = await serve();
    expect(await shakeHands(served, only("TLSv1.2"))).toMatchObject({ version: "TLSv1.2" });
    expect(await shakeHands(served, only("TLSv1.3"))).toMatchObject({ version: "TLSv1.3" });
  });

  test.each(["-tls1", "-tls1_1"])("is never older, as openssl's client sees with %s", async (version) => {
    const { listener } = await serve();
    const offered = argv`openssl s_client ${version} -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:${String(listener.port)}`;
    const { exitCode, output } = await runProgram(offered);
    expect(output).toContain("alert protocol version");
    expect(exitCode).not.toBe(0);
  });

  test("1.2 is refused when 1.3 is the minimum", async () => {
    const served = await serve({ minimumVersion: "tls1.3" });
    expect(await faultOf(shakeHands(served, only("TLSv1.2")))).toContain("PROTOCOL_VERSION");
    expect(await shakeHands(served)).toMatchObject({ version: "TLSv1.3" });
  });

  test("with cipher suites of TLS 1.2 offers no others of it", async () => {
    const served = await serve({ cipherSuites: ["ECDHE-ECDSA-AES256-GCM-SHA384"] });
    expect(await shakeHands(served, only("TLSv1.2"))).toMatchObject({ cipher: "ECDHE-ECDSA-AES256-GCM-SHA384" });
    const other = { ...only("TLSv1.2"), ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" };
    expect(await faultOf(shakeHands(served, other))).toContain("HANDSHAKE_FAILURE");
  });

  test("is 1.3 alone when only suites of TLS 1.3 are named", async () => {
    const served = await serve({ cipherSuites: ["TLS_AES_256_GCM_SHA384"] });
    expect(await faultOf(shakeHands(served, only("TLSv1.2")))).toContain("PROTOCOL_VERSION");
  });
});

describe("client certificates", () => {
  /** What curl gets with a certificate, or without one. */
  async function ask({ listener }: Served, files?: IssuedFiles, version = "1.3"): Promise<string> {
    const identity = files ? argv`--cert ${files.certificate} --key ${files.key}` : [];
    const { exitCode, stdout } = await runProgram(argv`curl --silent --cacert ${authority.certificate}
      --tlsv${version} --tls-max ${version} ${identity} ${listener.url.href}`);
    return exitCode === 0 ? stdout : "refused";
  }

  test.each(["1.2", "1.3"])("are demanded and verified over TLS %s", async (version) => {
    const served = await serve({ clientCaPaths: [clients.certificate] });
    expect(await ask(served, client, version)).toBe("ok");
    expect(await ask(served, undefined, version)).toBe("refused");
    expect(await ask(served, stranger, version)).toBe("refused");
  });

  test("of several authorities are accepted", async () => {
    const served = await serve({ clientCaPaths: [authority.certificate, clients.certificate] });
    expect(await ask(served, client)).toBe("ok");
    expect(await ask(served, first)).toBe("ok");
    expect(await ask(served, stranger)).toBe("refused");
  });

  test.each(["request-client-cert", "verify-client-cert-if-given"] as const)(
    "may be left away with %s",
    async (clientAuth) => {
      const served = await serve({ clientCaPaths: [clients.certificate], clientAuth });
      expect(await ask(served)).toBe("ok");
      expect(await ask(served, client)).toBe("ok");
    },
  );

  test("that nobody would verify cannot be demanded", async () => {
    const error = await serve({
      clientCaPaths: [clients.certificate],
      clientAuth: "require-any-client-cert",
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "options-refused" });
  });

  test("of an authority that is added later are accepted then", async () => {
    const authorities = join(makeTemporaryFolder("clientcas"), "ca.pem");
    copyFileSync(clients.certificate, authorities);
    const served = await serve({ clientCaPaths: [authorities] });
    expect(await ask(served, first)).toBe("refused");
    writeFileSync(authorities, `${await Bun.file(clients.certificate).text()}${trusted}`);
    await served.source.checkNow();
    await until(async () => (await ask(served, first)) === "ok");
    expect(await ask(served, client)).toBe("ok");
  });
});

test("the port of a listener with TLS is not shared with another program", async () => {
  const { listener } = await serve();
  const other = startListener({
    address: { hostname: "127.0.0.1", port: listener.port ?? 0 },
    limits: { idleTimeoutMs: 60_000 },
    reportProblem: () => undefined,
    fetch: () => new Response(),
    tls: (await serve()).source,
  });
  expect(await other.catch((error: unknown) => error)).toMatchObject({ reason: "in-use" });
});
