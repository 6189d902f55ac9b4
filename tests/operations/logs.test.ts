import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Answer, HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import { askRaw } from "../support/raw-http.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { berthExecutable, isAnswering, startServe } from "../support/berth-command.ts";
import { makePlace, writeConfig } from "../support/place.ts";
import { type Sections, type Started, startOn } from "./support/started.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const running: Started[] = [];
afterEach(async () => {
  for (const { berth } of running.splice(0)) await berth.stop();
});

const password = "correct-horse-battery";
const loginOfAlice = `Basic ${btoa(`alice:${password}`)}`;

interface Logged extends Started {
  readonly alice: HttpClient;
  readonly hash: string;
}

/** A registry that only alice may use. */
async function startLogged(more: Sections = {}): Promise<Logged> {
  const path = join(makeTemporaryFolder("auth"), "htpasswd");
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 5 });
  writeFileSync(path, `alice:${hash}\n`);
  const started = await startOn({ auth: { htpasswd: { realm: "Registry", path } }, ...more });
  running.push(started);
  return { ...started, alice: new HttpClient(started.url, { authorization: loginOfAlice }), hash };
}

/** The lines of the log of a registry that has ended, thus all of them. */
async function linesOf({ berth }: Started): Promise<string[]> {
  await berth.stop();
  return (await berth.stderr()).split("\n").filter((line) => line !== "");
}

async function accessLinesOf({ berth }: Started): Promise<string[]> {
  await berth.stop();
  return (await berth.stdout()).split("\n").filter((line) => line !== "");
}

type Fields = Readonly<Record<string, unknown>>;

async function jsonLinesOf(started: Started): Promise<Fields[]> {
  return (await linesOf(started)).map((line) => JSON.parse(line) as Fields);
}

function requestIdOf(answer: Pick<Answer, "headers">): string {
  const id = answer.headers.get("x-request-id") ?? "";
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  return id;
}

function ofRequest(lines: readonly Fields[], answer: Pick<Answer, "headers">): Fields[] {
  const id = requestIdOf(answer);
  return lines.filter((line) => line["http.request.id"] === id);
}

describe("a line of the log", () => {
  test("is found by the id that the client got, and says who did what with which outcome", async () => {
    const started = await startLogged({ log: { formatter: "json" } });
    const { alice } = started;
    const layer = contentOf("x".repeat(12_345));
    const pushed = await alice.post(`/v2/team/app/blobs/uploads/?digest=${layer.digest}`, { body: layer.bytes });
    const pulled = await alice.get(`/v2/team/app/blobs/${layer.digest}`, { "user-agent": "probe/1.0" });
    const looked = await alice.head(`/v2/team/app/blobs/${layer.digest}`);
    const { manifest } = await pushImage(alice, "team/app", "v1");
    const tagged = await alice.get("/v2/team/app/manifests/v1");
    const lines = await jsonLinesOf(started);

    expect(ofRequest(lines, pushed)).toEqual([
      expect.objectContaining({
        level: "info",
        msg: "response completed",
        "http.request.method": "POST",
        "http.request.bytes": 12_345,
        "http.response.status": 201,
        "vars.name": "team/app",
        "vars.digest": layer.digest,
        "auth.user.name": "alice",
      }),
    ]);
    expect(ofRequest(lines, pulled)).toEqual([
      expect.objectContaining({
        "http.request.method": "GET",
        "http.request.uri": `/v2/team/app/blobs/${layer.digest}`,
        "http.request.host": started.address,
        "http.request.remoteaddr": "127.0.0.1",
        "http.request.useragent": "probe/1.0",
        "http.response.status": 200,
        "http.response.written": 12_345,
        "http.response.duration": expect.stringMatching(/^\d+(?:\.\d+)?m?s$/),
        "http.response.contenttype": "application/octet-stream",
      }),
    ]);
    expect(ofRequest(lines, looked)).toEqual([expect.objectContaining({ "http.response.written": 0 })]);
    expect(ofRequest(lines, tagged)).toEqual([
      expect.objectContaining({ "vars.reference": "v1", "vars.digest": manifest.digest }),
    ]);
  });

  test("names the upload of each of its requests, and the bytes of a body without length", async () => {
    const started = await startLogged({ log: { formatter: "json" } });
    const begun = await started.alice.post("/v2/app/blobs/uploads/");
    const location = begun.headers.get("location") ?? "";
    const body = new Blob(["0123456789"]).stream();
    const sent = await started.alice.patch(location, { body });
    expect(sent.status).toBe(202);
    const id = sent.headers.get("docker-upload-uuid") ?? "";
    const [line, ...others] = ofRequest(await jsonLinesOf(started), sent);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ "http.request.method": "PATCH", "http.request.bytes": 10, "vars.uuid": id });
  });

  test("of logrus' text form has time, level and message first, and quotes what is no bare word", async () => {
    const started = await startLogged();
    const answer = await started.alice.get("/v2/", { "user-agent": 'a "quoted" \\ agent' });
    const line = (await linesOf(started)).find((text) => text.includes(requestIdOf(answer))) ?? "";
    expect(line).toMatch(/^time="\d{4}-\d\d-\d\dT[\d:.]+Z" level=info msg="response completed" /);
    expect(line).toContain(` http.response.status=200 `);
    expect(line).toContain(String.raw` http.request.useragent="a \"quoted\" \\ agent" `);
    expect(line).toContain(" auth.user.name=alice");
  });

  test("of logstash's form has its names, and every line is an object of JSON", async () => {
    const started = await startLogged({ log: { formatter: "logstash", fields: { service: "registry" } } });
    const answer = await started.alice.get("/v2/");
    const lines = await jsonLinesOf(started);
    for (const line of lines) {
      expect(line).toMatchObject({ "@version": "1", "@timestamp": expect.any(String), service: "registry" });
    }
    expect(ofRequest(lines, answer)).toEqual([expect.objectContaining({ message: "response completed" })]);
  });
});

describe("an error", () => {
  test("of a client is one line, a warning unless it belongs to every client's way", async () => {
    const started = await startLogged({ log: { formatter: "json" } });
    const answers = [
      await started.http.get("/v2/"),
      await started.alice.get("/v2/app/manifests/absent"),
      await started.alice.get("/v2/BAD/manifests/1"),
      await started.alice.put("/v2/app/manifests/1", { body: "{", headers: { "content-type": "application/json" } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 400, 400]);
    const lines = await jsonLinesOf(started);
    const told = answers.map((answer) => ofRequest(lines, answer));
    expect(told.map((its) => its.map(({ level }) => level))).toEqual([["info"], ["info"], ["warning"], ["warning"]]);
    for (const [line] of told) {
      expect(line).toMatchObject({ msg: "response completed with error", "err.message": expect.any(String) });
      expect(line).not.toHaveProperty("err.stack");
    }
  });

  test("of a login is told apart from the question for one, with the address and the user that was tried", async () => {
    const started = await startLogged({ log: { formatter: "json" } });
    const refused = await started.http.get("/v2/", { authorization: `Basic ${btoa("mallory:hunter2-hunter2")}` });
    expect(refused.status).toBe(401);
    expect(ofRequest(await jsonLinesOf(started), refused)).toEqual([
      expect.objectContaining({
        level: "warning",
        "err.code": "login failed",
        "err.detail": '{"user":"mallory"}',
        "http.request.remoteaddr": expect.stringMatching(/^127\.0\.0\.1/),
      }),
    ]);
  });

  test("of the registry is one line with its cause, which the client is not told", async () => {
    const started = await startLogged({ log: { formatter: "json" } });
    const { alice, dataDirectory } = started;
    await pushImage(alice, "app", "1");
    renameSync(join(dataDirectory, "docker"), join(dataDirectory, "away"));
    writeFileSync(join(dataDirectory, "docker"), "a file is in the way");
    const layer = contentOf("cannot be stored");
    const refused = await alice.post(`/v2/app/blobs/uploads/?digest=${layer.digest}`, { body: layer.bytes });
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(refused.text).not.toContain(dataDirectory);

    const lines = await jsonLinesOf(started);
    // The job that describes storage at the stop meets the file as well, and says so for itself.
    const loud = lines.filter(({ level, kind }) => (level === "error" || level === "warning") && kind !== "describe");
    expect(loud).toEqual(ofRequest(lines, refused));
    expect(loud).toHaveLength(1);
    const { "err.stack": stack, level } = loud[0] ?? {};
    expect(level).toBe("error");
    expect(stack).toContain("ENOTDIR");
    expect(stack).toContain(dataDirectory);
  });
});

describe("what must not be in a log", () => {
  test("no password, no credentials in any form and no hash of one is there, whatever is sent", async () => {
    const started = await startLogged({ log: { level: "debug" } });
    const { alice, http, hash, url } = started;
    const wrong = "hunter2-hunter2";
    const credentials = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    const attempts: Promise<Answer>[] = [
      alice.get("/v2/"),
      http.get("/v2/", credentials(`alice:${wrong}`)),
      http.get("/v2/", credentials(`mallory:${wrong}`)),
      http.get("/v2/", { authorization: `Bearer ${wrong}` }),
      http.get("/v2/", { authorization: wrong }),
      alice.get("/v2/", { "proxy-authorization": wrong, cookie: `session=${wrong}` }),
      alice.get(`/v2/_catalog?access_token=${wrong}&n=1`, { referer: `https://app.example/?password=${wrong}` }),
      alice.get("/v2/BAD/tags/list", { "x-api-key": wrong }),
      http.post("/v2/app/blobs/uploads/", { headers: credentials(`alice:${wrong}`), body: wrong }),
      new HttpClient(url.replace("http://", `http://alice:${wrong}@`)).get("/v2/"),
    ];
    for (const attempt of attempts) expect((await attempt).status).toBeOneOf([200, 400, 401]);
    const all = [...(await linesOf(started)), ...(await accessLinesOf(started))].join("\n");
    expect(all.split("\n").length).toBeGreaterThan(2 * attempts.length);
    for (const secret of [
      password,
      wrong,
      btoa(`alice:${password}`),
      btoa(`alice:${wrong}`),
      btoa(`mallory:${wrong}`),
    ]) {
      expect(all).not.toContain(secret);
    }
    expect(all).not.toContain(hash);
    expect(all).not.toMatch(/\$2[aby]\$/);
    expect(all).not.toMatch(/authorization/i);
  });

  test.each(["text", "json", "logstash"])("nothing that a client sends begins a line in %s form", async (formatter) => {
    const started = await startLogged({ log: { formatter } });
    const { port } = new URL(started.url);
    const forged = "level=error msg=forged";
    const login = `Authorization: ${loginOfAlice}\r\nConnection: close\r\n\r\n`;
    await started.alice.get(`/v2/a%0a${encodeURIComponent(forged)}/tags/list`);
    await started.alice.get(`/v2/app/manifests/%0d%0a${encodeURIComponent(forged)}%00%1b[2J`);
    await started.alice.get("/v2/", { "user-agent": 'x" "forged" 200 \\' });
    for (const agent of ["a\u001B[31mred", `a\u0085${forged}`, `a\u0001b\u007F`, `a\tb`, `a\rb`, `a\nb`, `a\u0000b`]) {
      await askRaw(Number(port), `GET /v2/ HTTP/1.1\r\nHost: ${started.address}\r\nUser-Agent: ${agent}\r\n${login}`);
    }
    const name = Buffer.from(`alice\n${forged}:${password}`).toString("base64");
    await started.http.get("/v2/", { authorization: `Basic ${name}` });

    const lines = await linesOf(started);
    const accessLines = await accessLinesOf(started);
    for (const line of [...lines, ...accessLines]) expect(line).not.toMatch(/\p{Cc}/u);
    for (const line of lines) expect(line).toMatch(formatter === "text" ? /^time="/ : /^\{.*\}$/);
    for (const line of accessLines) expect(line).toMatch(/^127\.0\.0\.1 - \S+ \[[^\]]+\] "/);
    expect(lines.filter((line) => /^time="[^"]+" level=error/.test(line) || line.includes('"level":"error"'))).toEqual(
      [],
    );
  });
});

describe("the access log", () => {
  const combined =
    /^(?<host>\S+) - (?<user>\S+) \[(?<time>\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000)\] "(?<request>[^"]*)" (?<status>\d{3}) (?<bytes>\d+) "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"$/;

  test("is in Apache's combined format on standard output, one line a request", async () => {
    const started = await startLogged();
    const { alice, http } = started;
    const layer = await pushBlob(alice, "app", contentOf("0123456789"));
    await alice.get(`/v2/app/blobs/${layer.digest}`, { "user-agent": "probe/1.0", referer: "https://a.example/" });
    await http.get("/v2/");
    const lines = (await accessLinesOf(started)).filter((line) => !line.includes("/livez"));
    const parsed = lines.map((line) => ({ ...combined.exec(line)?.groups }));
    expect(parsed).toHaveLength(4);
    expect(parsed[2]).toMatchObject({
      host: "127.0.0.1",
      user: "alice",
      request: `GET /v2/app/blobs/${layer.digest} HTTP/1.1`,
      status: "200",
      bytes: "10",
      referer: "https://a.example/",
      agent: "probe/1.0",
    });
    expect(parsed[3]).toMatchObject({ user: "-", request: "GET /v2/ HTTP/1.1", status: "401" });
  });

  test("can be switched off, and the log goes on", async () => {
    const started = await startLogged({ log: { accesslog: { disabled: true } } });
    const answer = await started.alice.get("/v2/");
    expect(await accessLinesOf(started)).toEqual([]);
    expect((await linesOf(started)).join("\n")).toContain(requestIdOf(answer));
  });
});

describe("a graceful stop", () => {
  test("loses no line, also when the log goes into a pipe", async () => {
    const place = makePlace();
    const berth = Bun.spawn([berthExecutable, "serve", writeConfig(place.folder, place.config)], {
      cwd: place.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const streams = Promise.all([new Response(berth.stdout).text(), new Response(berth.stderr).text()]);
    try {
      const url = `http://${place.address}`;
      await until("it answers", () => isAnswering(`${url}/livez`).catch(() => false));
      const http = new HttpClient(url);
      const agent = "a".repeat(300);
      const answers = await Promise.all(
        Array.from({ length: 400 }, (_, i) => http.get(`/v2/app/manifests/tag-${i}`, { "user-agent": agent })),
      );
      berth.kill("SIGTERM");
      const [accessLog, log] = await streams;
      expect(await berth.exited).toBe(0);
      const lost = answers.filter((answer) => !log.includes(requestIdOf(answer)));
      expect(lost).toHaveLength(0);
      expect(accessLog.match(/tag-\d+ HTTP\/1\.1" 404 /g)).toHaveLength(answers.length);
      expect(log.trimEnd().split("\n").at(-1)).toContain("stopped serving");
    } finally {
      berth.kill("SIGKILL");
    }
  });
});

describe("a log that cannot be written", () => {
  const pipe = join(makeTemporaryFolder("pipe"), "pipe");
  const redirections = [
    ["its disk is full", "", "/dev/full"],
    ["its reader has gone", `mkfifo "${pipe}-gone"; (exec 9<"${pipe}-gone") &`, `"${pipe}-gone"`],
    // The process itself keeps the reading end open.
    ["its reader does not read", `mkfifo "${pipe}-unread"; exec 9<>"${pipe}-unread"`, `"${pipe}-unread"`],
  ] as const;

  test.each(redirections.flatMap((row) => ["1", "2", "1 and 2"].map((streams) => [...row, streams] as const)))(
    "because %s (%s %s %s): requests go on, and the process ends when it is told to",
    async (_, prepare, target, streams) => {
      const executable = join(makeTemporaryFolder("bin"), "berth");
      const script = `#!/bin/sh\nrm -f "${pipe}"-*\n${prepare}\nexec "${berthExecutable}" "$@" ${streams === "1 and 2" ? `1>${target} 2>&1` : `${streams}>${target}`}\n`;
      writeFileSync(executable, script, { mode: 0o755 });
      const place = makePlace();
      const url = `http://${place.address}`;
      const berth = await startServe({
        executable,
        args: [writeConfig(place.folder, place.config)],
        isReady: () => isAnswering(`${url}/livez`),
      });
      const http = new HttpClient(url);
      // More than a pipe holds.
      for (let i = 0; i < 300; i++) {
        expect((await http.get(`/v2/?${i}`, { "user-agent": "a".repeat(400) })).status).toBe(200);
      }
      await Bun.sleep(100);
      await pushImage(http, "app", "while-nobody-reads");
      expect((await http.get("/v2/app/manifests/while-nobody-reads")).status).toBe(200);
      berth.kill("SIGTERM");
      const exitCode = await Promise.race([berth.exited, Bun.sleep(8000).then(() => "still running")]);
      berth.kill("SIGKILL");
      expect(exitCode).toBe(0);
    },
  );
});
