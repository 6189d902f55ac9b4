import { X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

import { type ConnectionInfo, type Listener, startListener } from "../../src/http/listener/index.ts";
import { openTlsSource, type TlsOptions, type TlsSource } from "../../src/http/tls/index.ts";
import { argv } from "../support/argv.ts";
import { runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { type IssuedFiles, TestAuthority } from "./test-authority.ts";

const MIB = 1024 * 1024;

let authority: TestAuthority;
let clients: TestAuthority;
let server: IssuedFiles;
let second: IssuedFiles;
let alice: IssuedFiles;
let bob: IssuedFiles;
let mallory: IssuedFiles;
let wrongPurpose: IssuedFiles;
let trusted: string;

beforeAll(async () => {
  authority = await TestAuthority.make("Server authority");
  clients = await TestAuthority.make("Client authority");
  const strangers = await TestAuthority.make("Somebody else's authority");
  [server, second, alice, bob, mallory, wrongPurpose] = [
    await authority.issue("first.example"),
    await authority.issue("second.example"),
    await clients.issue("alice"),
    await clients.issue("bob"),
    await strangers.issue("mallory"),
    await clients.issue("printer", { extensions: "extendedKeyUsage=serverAuth" }),
  ];
  trusted = await Bun.file(authority.certificate).text();
});

const closers: (() => unknown)[] = [];
const problems: string[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  expect(problems.splice(0)).toEqual([]);
});

type Fetch = (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;

interface Served {
  readonly listener: Listener;
  readonly source: TlsSource;
  readonly port: number;
  /** Where the sockets inside are. */
  readonly inside: string;
  /** Where the served files lie, to be replaced. */
  readonly files: { readonly certificate: string; readonly key: string; readonly clientCas: string };
}

const tellWho: Fetch = (_, { remoteAddress, tls, clientCertificate }) =>
  Response.json({ remoteAddress, tls, name: nameIn(clientCertificate) });

function nameIn(certificate: Uint8Array | undefined): string | null {
  return certificate ? new X509Certificate(certificate).subject : null;
}

async function serve(
  fetch: Fetch = tellWho,
  tls: Partial<TlsOptions> = {},
  idleTimeoutMs = 60_000,
  inside = makeTemporaryFolder("inside"),
): Promise<Served> {
  const folder = makeTemporaryFolder("served");
  mkdirSync(inside, { recursive: true });
  const files = {
    certificate: join(folder, "tls.crt"),
    key: join(folder, "tls.key"),
    clientCas: join(folder, "clients.crt"),
  };
  copyFileSync(server.certificate, files.certificate);
  copyFileSync(server.key, files.key);
  copyFileSync(clients.certificate, files.clientCas);
  const reportProblem = (message: string, cause?: unknown) => problems.push(`${message}: ${String(cause)}`);
  const source = await openTlsSource(
    {
      certificate: { kind: "files", certificatePath: files.certificate, keyPath: files.key },
      clientCaPaths: [files.clientCas],
      clientAuth: "require-and-verify-client-cert",
      minimumVersion: "tls1.2",
      cipherSuites: [],
      ...tls,
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
    limits: { idleTimeoutMs },
    reportProblem,
    fetch,
    tls: source,
    certificateFolder: inside,
    handoverMs: 300,
  });
  closers.push(() => listener.stop(0));
  return { listener, source, port: listener.port ?? 0, inside, files };
}

/** What curl gets, with a certificate or without one. */
async function ask({ listener }: Served, files?: IssuedFiles, more: readonly string[] = []): Promise<string> {
  const identity = files ? argv`--cert ${files.certificate} --key ${files.key}` : [];
  const { exitCode, stdout } = await runProgram(argv`curl --silent --cacert ${authority.certificate}
    ${identity} ${more} ${listener.url.href}`);
  return exitCode === 0 ? stdout : "refused";
}

const answerOf = (name: string | null, remoteAddress = "127.0.0.1") =>
  JSON.stringify({ remoteAddress, tls: true, name: name === null ? null : `CN=${name}` });

async function identityOf(files: IssuedFiles): Promise<{ cert: string; key: string }> {
  return { cert: await Bun.file(files.certificate).text(), key: await Bun.file(files.key).text() };
}

/** A connection by hand. */
async function dial({ port }: Served, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const identity = await identityOf(alice);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: trusted, ...identity, ...options });
    closers.push(() => socket.destroy());
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

function collect(socket: TLSSocket): { text: () => string; bytes: () => number; ended: Promise<void> } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { text: () => Buffer.concat(chunks).toString("latin1"), bytes: () => bytes, ended };
}

describe("the handler is told", () => {
  test.each(["1.2", "1.3"])("who is connected over TLS %s, from where, and by which certificate", async (version) => {
    const served = await serve();
    const only = argv`--tlsv${version} --tls-max ${version}`;
    expect(await ask(served, alice, only)).toBe(answerOf("alice"));
    expect(await ask(served, bob, argv`${only} --interface 127.0.0.2`)).toBe(answerOf("bob", "127.0.0.2"));
    expect(await ask(served, undefined, only)).toBe("refused");
    expect(await ask(served, mallory, only)).toBe("refused");
    expect(await ask(served, wrongPurpose, only)).toBe("refused");
  });

  test("of a certificate that one in between has issued", async () => {
    const between = await clients.issue("between", { extensions: "basicConstraints=critical,CA:TRUE" });
    const leaf = await TestAuthority.of(between).issue("carol");
    const chain = join(makeTemporaryFolder("chain"), "chain.pem");
    writeFileSync(chain, `${await Bun.file(leaf.certificate).text()}${await Bun.file(between.certificate).text()}`);
    expect(await ask(await serve(), { certificate: chain, key: leaf.key })).toBe(answerOf("carol"));
  });

  test("of no certificate where none is needed, and of none that nobody has verified", async () => {
    const ifGiven = await serve(tellWho, { clientAuth: "verify-client-cert-if-given" });
    expect(await ask(ifGiven)).toBe(answerOf(null));
    expect(await ask(ifGiven, alice)).toBe(answerOf("alice"));
    expect(await ask(ifGiven, mallory)).toBe("refused");
    expect(await ask(ifGiven, wrongPurpose)).toBe("refused");
    const requested = await serve(tellWho, { clientAuth: "request-client-cert" });
    expect(await ask(requested)).toBe(answerOf(null));
    expect(await ask(requested, alice)).toBe(answerOf("alice"));
    expect(await ask(requested, mallory)).toBe(answerOf(null));
    expect(await ask(requested, wrongPurpose)).toBe(answerOf(null));
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("the same when a session of %s is resumed", async (version) => {
    const served = await serve();
    const only = { minVersion: version, maxVersion: version } as const;
    const first = await dial(served, only);
    const session = Promise.withResolvers<Buffer>();
    first.once("session", session.resolve);
    first.write(get("/"));
    const resumed = await dial(served, { ...only, session: await session.promise });
    const { text } = collect(resumed);
    resumed.write(get("/"));
    await until("an answer", () => text().includes("CN="));
    expect(text()).toEndWith(answerOf("alice"));
  });

  test("the right one of many at the same time, on connections that are used again", async () => {
    const served = await serve();
    const askAsOne = async (files: IssuedFiles, name: string) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 30, ca: trusted, ...(await identityOf(files)) });
      closers.push(() => agent.destroy());
      const answers = await Promise.all(Array.from({ length: 300 }, () => askBy(agent, served.listener)));
      expect(new Set(answers)).toEqual(new Set([answerOf(name)]));
    };
    await Promise.all([askAsOne(alice, "alice"), askAsOne(bob, "bob")]);
    expect(served.listener.pendingRequests).toBe(0);
  });
});

function askBy(agent: Agent, { url }: Listener): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, servername: "localhost" }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(Buffer.concat(chunks).toString()));
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("bytes", () => {
  test("of a large answer go no faster than the client reads, to the last one", async () => {
    let made = 0;
    const body = () =>
      new ReadableStream({
        pull(controller) {
          if (made === 256) return controller.close();
          made++;
          controller.enqueue(new Uint8Array(MIB));
        },
      });
    const socket = await dial(await serve(() => new Response(body())));
    socket.pause();
    socket.write(get("/", "Connection: close\r\n"));
    await until("the answer has begun", () => made > 0);
    let before = -1;
    await until("nothing more is made", async () => {
      [before] = [made, await Bun.sleep(300)];
      return before === made;
    });
    expect(made).toBeLessThan(64);
    const { bytes, ended } = collect(socket);
    socket.resume();
    await ended;
    expect(bytes()).toBeGreaterThan(256 * MIB);
  });

  test("of a large upload go no faster than the handler reads, to the last one", async () => {
    const begin = Promise.withResolvers<void>();
    const served = await serve(async (asked) => {
      await begin.promise;
      let received = 0;
      for await (const chunk of asked.body ?? []) received += chunk.length;
      return new Response(`received ${received}`);
    });
    const socket = await dial(served);
    const { text } = collect(socket);
    const total = 256 * MIB;
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`);
    let sent = 0;
    const piece = Buffer.alloc(MIB);
    const send = () => {
      while (sent < total) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on("drain", send);
    send();
    let before = -1;
    await until("nothing more is taken", async () => {
      [before] = [sent, await Bun.sleep(300)];
      return before === sent;
    });
    expect(sent).toBeLessThan(64 * MIB);
    begin.resolve();
    await until("the answer", () => text().endsWith(`received ${total}`));
  });

  test("of a file arrive as they are", async () => {
    const file = join(makeTemporaryFolder("blob"), "data");
    const content = Buffer.alloc(32 * MIB, "berth and its fourteen rooms");
    writeFileSync(file, content);
    const out = join(makeTemporaryFolder("out"), "data");
    const served = await serve(() => new Response(Bun.file(file)));
    expect(await ask(served, alice, argv`--output ${out}`)).toBe("");
    expect(content.equals(Buffer.from(await Bun.file(out).arrayBuffer()))).toBe(true);
  });

  test("of an answer reach a client that still sends", async () => {
    const served = await serve(() => new Response("too large", { status: 413 }));
    const file = join(makeTemporaryFolder("upload"), "data");
    writeFileSync(file, Buffer.alloc(64 * MIB));
    expect(await ask(served, alice, argv`--upload-file ${file} --header Expect:`)).toBe("too large");
  });
});

describe("a connection that is cut", () => {
  test("in the middle of an upload is known to the handler", async () => {
    const failed = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const served = await serve(async (asked) => {
      try {
        for await (const _ of asked.body ?? []) begun.resolve();
        failed.resolve("it came whole");
      } catch (error) {
        failed.resolve(error);
      }
      return new Response();
    });
    const socket = await dial(served);
    socket.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello");
    await begun.promise;
    socket.destroy();
    expect(await failed.promise).toMatchObject({ name: "AbortError" });
  });

  test("before its answer is known to the handler", async () => {
    const asked = Promise.withResolvers<Request>();
    const never = Promise.withResolvers<Response>();
    closers.push(() => never.resolve(new Response()));
    const served = await serve((one) => (asked.resolve(one), never.promise));
    const socket = await dial(served);
    socket.write(get("/"));
    const { signal } = await asked.promise;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    socket.destroy();
    await aborted;
  });

  test("leaves nothing behind", async () => {
    const served = await serve();
    for (let count = 0; count < 5; count++) (await dial(served)).destroy();
    const idle = await dial(served);
    idle.destroy();
    const [front = ""] = readdirSync(served.inside);
    await until("no socket is left", () => readdirSync(join(served.inside, front)).length === 0);
  });

  test("is one that rests too long", async () => {
    const served = await serve(tellWho, {}, 1000);
    const socket = await dial(served);
    const { text, ended } = collect(socket);
    socket.write(get("/"));
    await ended;
    expect(text()).toEndWith(answerOf("alice"));
  });
});

describe("the servers inside", () => {
  test("lie in a folder of which nobody else knows anything", async () => {
    const served = await serve();
    await dial(served);
    const [front = ""] = readdirSync(served.inside);
    expect(statSync(join(served.inside, front)).mode & 0o777).toBe(0o700);
  });

  test("are one for all connections of a client", async () => {
    const served = await serve();
    const [one, other] = [await dial(served), await dial(served)];
    await dial(served, await identityOf(bob));
    const [front = ""] = readdirSync(served.inside);
    const list = () => readdirSync(join(served.inside, front)).length;
    await until("all are there", () => list() === 2);
    one.destroy();
    const { text } = collect(other);
    other.write(get("/"));
    await until("the other is served", () => text().endsWith(answerOf("alice")));
    expect(list()).toBe(2);
  });

  test("may have long paths", async () => {
    const served = await serve(tellWho, {}, 60_000, join(makeTemporaryFolder("long"), "a".repeat(150)));
    expect(await ask(served, alice)).toBe(answerOf("alice"));
  });

  test("need a folder that can be written in", async () => {
    const started = startListener({
      address: { hostname: "127.0.0.1", port: 0 },
      limits: { idleTimeoutMs: 1000 },
      reportProblem: () => undefined,
      fetch: tellWho,
      tls: (await serve()).source,
      certificateFolder: "/nonexistent",
    });
    expect(await started.catch((error: unknown) => error)).toMatchObject({
      name: "ListenError",
      message: expect.stringContaining("/nonexistent"),
    });
  });
});

describe("new certificates", () => {
  test("change under a running download, which ends whole, and under new connections, of which none is refused", async () => {
    const body = Buffer.alloc(32 * MIB, "berth");
    const file = join(makeTemporaryFolder("blob"), "data");
    writeFileSync(file, body);
    const served = await serve((asked, connection) =>
      asked.url.endsWith("/blob") ? new Response(Bun.file(file)) : tellWho(asked, connection),
    );
    const download = await dial(served);
    download.pause();
    download.write(get("/blob", "Connection: close\r\n"));
    await until("the download has begun", () => served.listener.pendingRequests === 1);
    const over = new AbortController();
    const answers = new Set<string>();
    const asking = (async () => {
      while (!over.signal.aborted) answers.add(await ask(served, alice));
    })();
    const names = [];
    for (const files of [second, server, second]) {
      copyFileSync(files.certificate, served.files.certificate);
      copyFileSync(files.key, served.files.key);
      await served.source.checkNow();
      const name = files === second ? "second.example" : "first.example";
      await until(
        "the new one is served",
        async () => String((await dial(served)).getPeerCertificate().subject.CN) === name,
      );
      names.push(name);
    }
    over.abort();
    await asking;
    expect(answers).toEqual(new Set([answerOf("alice")]));
    const { bytes, ended } = collect(download);
    download.resume();
    await ended;
    expect(bytes()).toBeGreaterThan(body.length);
  });

  test("of an authority that is no longer taken are refused, and sessions of them not resumed", async () => {
    const served = await serve();
    expect(await ask(served, alice)).toBe(answerOf("alice"));
    const first = await dial(served);
    const session = Promise.withResolvers<Buffer>();
    first.once("session", session.resolve);
    first.write(get("/"));
    copyFileSync(authority.certificate, served.files.clientCas);
    await served.source.checkNow();
    await until("alice is refused", async () => (await ask(served, alice)) === "refused");
    const resumed = dial(served, { session: await session.promise, maxVersion: "TLSv1.2" });
    expect(await resumed.then(({ authorized }) => `let in ${authorized}`).catch(() => "refused")).toBe("refused");
  });
});

describe("a stop", () => {
  test("lets a download end that its client reads slowly, and closes what rests", async () => {
    const body = new Uint8Array(24 * MIB);
    const served = await serve(() => new Response(body));
    const resting = await dial(served);
    const rested = collect(resting);
    resting.write(get("/"));
    await until("one has rested", () => rested.bytes() > body.length);
    const socket = await dial(served);
    socket.pause();
    socket.write(get("/"));
    await until("one is asking", () => served.listener.pendingRequests === 1);
    const stopped = served.listener.stop(60_000);
    await rested.ended;
    const { bytes, ended } = collect(socket);
    socket.resume();
    expect(await stopped).toEqual({ cutRequests: 0 });
    await ended;
    expect(bytes()).toBeGreaterThan(body.length);
    expect(readdirSync(served.inside)).toEqual([]);
  });

  test("cuts what still runs after the time-out, and says how much that was", async () => {
    const asked = Promise.withResolvers<void>();
    const never = Promise.withResolvers<Response>();
    closers.push(() => never.resolve(new Response()));
    const served = await serve(() => (asked.resolve(), never.promise));
    const socket = await dial(served);
    const { ended } = collect(socket);
    socket.write(get("/"));
    await asked.promise;
    const halfHead = await dial(served);
    halfHead.write("GET / HTTP/1.1\r\nHos");
    const arriving = connectTcp({ host: "127.0.0.1", port: served.port });
    await new Promise((resolve) => arriving.once("connect", resolve));
    const allCut = Promise.all([
      ended,
      collect(halfHead).ended,
      new Promise((resolve) => arriving.once("close", resolve).resume()),
    ]);
    expect(await served.listener.stop(50)).toEqual({ cutRequests: 1 });
    await allCut;
  });
});
