import { Database } from "bun:sqlite";
import { afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openSqlite, recordAct } from "../../src/metadata/index.ts";
import { berthExecutable, runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { makeCertificates } from "../support/certificates.ts";
import { startDaemon } from "../support/daemon.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { pushImage } from "../support/push-content.ts";
import type { RegistryConfig, RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { runProgram } from "../support/run-program.ts";
import { receiveDatagrams, SyslogReceiver } from "../support/syslog-receiver.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

interface Audited {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function start(
  audit: object = {},
  more: RegistryConfig = {},
  dataDirectory = makeTemporaryFolder("data"),
): Promise<Audited> {
  const berth = await startBerth({ dataDirectory, config: { ...more, audit: { enabled: true, ...audit } } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

/** Each leaves two acts. */
async function pushImages({ http }: Audited, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await pushImage(http, "team/app", "latest");
}

const audit = ({ berth }: Audited, command: string, ...options: readonly string[]) =>
  runBerth(["audit", command, "--local", berth.configFile, ...options]);

const linesIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly sequence: number; readonly act: string; readonly hash: string });

const databaseOf = ({ berth }: Audited) => join(berth.dataDirectory, "berth/berth.db");

function tamper(audited: Audited, ...statements: readonly string[]): void {
  const database = new Database(databaseOf(audited));
  for (const statement of statements) database.run(statement);
  database.close();
}

describe("audit verify", () => {
  test("finds nothing wrong beside a running registry, and tells the last hash", async () => {
    const audited = await start();
    expect(await audit(audited, "verify")).toMatchObject({
      exitCode: 0,
      stdout: "The audit trail is whole: 0 acts follow from one another.\n",
    });
    await pushImages(audited, 3);
    const whole = await audit(audited, "verify");
    expect(whole).toMatchObject({ exitCode: 0, stderr: "" });
    expect(whole.stdout).toMatch(/^The audit trail is whole: 6 acts \(1 to 6\) follow.*\n.*: 6 [0-9a-f]{64}\n$/);
  });

  const rows: readonly (readonly [about: string, statement: string, message: string, broken: object])[] = [
    [
      "a changed act",
      "update audit set actor = 'eve' where sequence = 3",
      "act 3 does not follow",
      { sequence: 3, reason: "changed" },
    ],
    ["a removed act", "delete from audit where sequence = 4", "act 4 is missing, ", { sequence: 4, reason: "missing" }],
    [
      "a cut end",
      "delete from audit where sequence > 4",
      "act 5 and all that followed",
      { sequence: 5, reason: "missing-end" },
    ],
    [
      "a cut beginning",
      "delete from audit where sequence < 3",
      "act 1 is missing, ",
      { sequence: 1, reason: "missing" },
    ],
  ];
  test.each(rows)("finds %s", async (_, statement, message, broken) => {
    const audited = await start();
    await pushImages(audited, 3);
    tamper(audited, statement);
    const found = await audit(audited, "verify");
    expect(found).toMatchObject({ exitCode: 1, stdout: "" });
    expect(found.stderr).toStartWith(`The audit trail is broken: ${message}`);
    const asJson = await audit(audited, "verify", "--json");
    expect(asJson.exitCode).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ broken });
  });

  test("finds by an export that the chain was made anew", async () => {
    const audited = await start();
    await pushImages(audited, 3);
    const exported = join(makeTemporaryFolder("export"), "audit.jsonl");
    writeFileSync(exported, `{"sequence":1,"ti\n${(await audit(audited, "export")).stdout}`);
    await pushImages(audited, 1);
    expect(await audit(audited, "verify", "--against", exported)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("6 acts are as exported.\n1 line of the export is no act.\n"),
    });

    // The last acts never were, and others took their places.
    tamper(audited, "delete from audit where sequence > 4", "update sqlite_sequence set seq = 4 where name = 'audit'");
    await pushImages(audited, 2);
    expect(await audit(audited, "verify")).toMatchObject({ exitCode: 0 });
    const found = await audit(audited, "verify", "--against", exported);
    expect(found.exitCode).toBe(1);
    expect(found.stderr).toContain("is not what was exported: act 5 is another");
  });

  test("changes nothing in what it looks at, which may be a copy", async () => {
    const audited = await start();
    await pushImages(audited, 1);
    await audited.berth.stop();
    const copy = makeTemporaryFolder("copy");
    cpSync(audited.berth.dataDirectory, copy, { recursive: true });
    const database = join(copy, "berth/berth.db");
    const before = readFileSync(database);
    const config = join(makeTemporaryFolder("config"), "config.yml");
    writeFileSync(config, JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: copy } } }));
    expect((await runBerth(["audit", "verify", "--local", config])).exitCode).toBe(0);
    expect(readFileSync(database).equals(before)).toBe(true);
  });

  test("without a database says so, and makes none", async () => {
    const folder = makeTemporaryFolder("nothing");
    const config = join(folder, "config.yml");
    const filesystem = { rootdirectory: join(folder, "data") };
    writeFileSync(config, JSON.stringify({ version: 0.1, storage: { filesystem } }));
    const refused = await runBerth(["audit", "verify", "--local", config]);
    expect([refused.exitCode, refused.stderr]).toEqual([66, expect.stringContaining("There is no database")]);
    expect(readdirSync(folder)).toEqual(["config.yml"]);
  });
});

describe("audit list and export", () => {
  test("show the acts that were asked for", async () => {
    const audited = await start();
    await pushImages(audited, 3);
    const table = await audit(audited, "list", "--act", "tag.move", "--from", "1h", "--prefix", "team/");
    const [heading, ...lines] = table.stdout.trim().split("\n");
    expect(heading).toMatch(/^no\. {2}time +actor +act +target +outcome +address +detail$/);
    expect(lines.map((line) => line.split(/ +/).slice(0, 1).join())).toEqual(["6", "4"]);
    expect(lines[0]).toMatch(/^6 +\d{4}-\S+Z +- +tag\.move +team\/app +success +127\.0\.0\.1 +\{"tag":"latest"/);
    const newest = linesIn((await audit(audited, "list", "--json", "--limit", "2")).stdout);
    expect(newest.map(({ sequence }) => sequence)).toEqual([6, 5]);
    const exported = linesIn((await audit(audited, "export", "--act", "manifest.push")).stdout);
    expect(exported.map(({ sequence, act }) => [sequence, act])).toEqual(
      [1, 3, 5].map((number) => [number, "manifest.push"]),
    );
    expect((await audit(audited, "export", "--to", "1h")).stdout).toBe("");
    expect((await audit(audited, "list", "--from", "tomorrow")).exitCode).toBe(64);
  });
});

describe("an export", () => {
  /** More than a pipe holds. */
  const acts = 5000;
  let config = "";
  beforeAll(async () => {
    const folder = makeTemporaryFolder("large");
    config = join(folder, "config.yml");
    writeFileSync(config, JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: folder } } }));
    const metadata = await openSqlite(join(folder, "berth/berth.db"));
    await metadata.transaction(async (queries) => {
      for (let atMs = 0; atMs < acts; atMs++)
        await recordAct(queries, { ...nobody, atMs, act: "tag.move", outcome: "success", detail: { tag: "latest" } });
    });
    await metadata.close();
  });

  const shell = (after: string) =>
    runProgram([
      "sh",
      "-c",
      `{ "$0" audit export --local "$1"; echo "exit code $?" >&2; } | ${after}`,
      berthExecutable,
      config,
    ]);

  test("is all there for a reader that is slow", async () => {
    const { stdout, stderr } = await shell("{ sleep 2; wc -l; }");
    expect([stdout.trim(), stderr]).toEqual([String(acts), "exit code 0\n"]);
  });

  test("ends with a reader that reads no further", async () => {
    const { stdout, stderr } = await shell("head -n 1");
    expect(linesIn(stdout)).toHaveLength(1);
    expect(stderr).toBe("exit code 74\n");
  });

  test("says so where nothing more can be written", async () => {
    const script = '"$0" audit export --local "$1" >/dev/full; echo "exit code $?" >&2';
    const { stderr } = await runProgram(["sh", "-c", script, berthExecutable, config]);
    expect(stderr).toBe("The output broke off: ENOSPC: no space left on device, write.\nexit code 74\n");
  });
});

describe("acts are sent", () => {
  const sequencesIn = (messages: readonly string[]) =>
    messages.map((message) => Number(/ sequence="(\d+)"/.exec(message)?.[1]));

  test("to a file, once each, also over a restart", async () => {
    const path = join(makeTemporaryFolder("sent"), "audit.jsonl");
    const audited = await start({ exports: { file: { path } } });
    await pushImages(audited, 2);
    await until("they are there", () => existsSync(path) && linesIn(readFileSync(path, "utf8")).length === 4);
    await audited.berth.stop();
    const again = await start({ exports: { file: { path } } }, {}, audited.berth.dataDirectory);
    await pushImages(again, 1);
    await until("the next are there", () => linesIn(readFileSync(path, "utf8")).length >= 6);
    expect(linesIn(readFileSync(path, "utf8")).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await audit(again, "verify", "--against", path)).toMatchObject({ exitCode: 0 });
  });

  test("by syslog over UDP and TLS", async () => {
    const datagrams = await receiveDatagrams();
    running.push(datagrams);
    const overUdp = await start({
      exports: { syslog: { address: `udp://127.0.0.1:${datagrams.port}`, facility: "local0" } },
    });
    await pushImages(overUdp, 1);
    await until("they are there", () => datagrams.messages.length === 2);
    expect(datagrams.messages[0]).toStartWith("<134>1 ");

    const certificates = await makeCertificates();
    const [cert, key] = [readFileSync(certificates.certificate, "utf8"), readFileSync(certificates.key, "utf8")];
    const receiver = await SyslogReceiver.start(0, { cert, key });
    running.push(receiver);
    const syslog = { address: `tls://localhost:${receiver.port}`, ca: certificates.authority };
    const overTls = await start({ exports: { syslog } });
    await pushImages(overTls, 1);
    await until("they are there", () => receiver.messages.length === 2);
    expect(sequencesIn(receiver.messages)).toEqual([1, 2]);
  });

  test("to a collector, which may be away for a while", async () => {
    const port = takeFreePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const audited = await start({ exports: { otlp: { endpoint, headers: { Authorization: ["Bearer secret"] } } } });
    await pushImages(audited, 1);
    await until("it is missed", () => audited.berth.logs().includes("the audit trail cannot be sent"));
    const bodies: string[] = [];
    const seen: (string | null)[] = [];
    const collector = Bun.serve({
      hostname: "127.0.0.1",
      port,
      async fetch(request) {
        seen.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
        bodies.push(await request.text());
        return Response.json({});
      },
    });
    running.push({ stop: () => collector.stop(true) });
    await until("all arrive", () => bodies.length > 0);
    expect(seen[0]).toBe("/v1/logs Bearer secret");
    expect(bodies.join("").match(/"eventName":"[^"]*"/g)).toEqual([
      '"eventName":"manifest.push"',
      '"eventName":"tag.create"',
    ]);
    expect(audited.berth.logs()).not.toContain("secret");
  });

  test("by one of several processes, while all of them add to the trail", async () => {
    const path = join(makeTemporaryFolder("sent"), "audit.jsonl");
    const audited = await start({ exports: { file: { path } } }, { http: { processes: 2 } });
    await Promise.all([1, 2, 3, 4].map(() => pushImages(audited, 3)));
    const sent = () => (existsSync(path) ? linesIn(readFileSync(path, "utf8")).map(({ sequence }) => sequence) : []);
    const report = await audit(audited, "verify", "--json");
    const { lastSequence } = JSON.parse(report.stdout) as { readonly lastSequence: number };
    expect(report.exitCode).toBe(0);
    expect(lastSequence).toBeWithin(13, 25);
    await until("all are sent", () => sent().length >= lastSequence);
    expect(sent()).toEqual(Array.from({ length: lastSequence }, (_, index) => index + 1));
  });
});

test("old acts are removed, and the rest is whole", async () => {
  const audited = await start();
  await pushImages(audited, 3);
  await audited.berth.stop();
  // A run is due within the retention after the start.
  const again = await start({ retention: "100ms" }, {}, audited.berth.dataDirectory);
  await until("they are removed", () => again.berth.logs().includes("removed old acts"));
  await pushImages(again, 1);
  const { exitCode, stdout } = await audit(again, "verify", "--json");
  expect([exitCode, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ rows: 2, removedThrough: 6, firstSequence: 7 }),
  ]);
});

const rsyslogd = requireProgram("rsyslogd", "rsyslog");
rsyslogd.describe("a real rsyslogd", () => {
  test("understands what it is sent", async () => {
    const folder = makeTemporaryFolder("rsyslog");
    const [port, output] = [takeFreePort(), join(folder, "messages")];
    const template = "%pri-text%|%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n";
    writeFileSync(
      join(folder, "rsyslog.conf"),
      `global(workDirectory="${folder}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="all" type="string" string="${template}")
action(type="omfile" file="${output}" template="all")
`,
    );
    const daemon = await startDaemon({
      argv: [rsyslogd.path, "-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")],
      isReady: () =>
        Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).then((socket) => (socket.end(), true)),
    });
    running.push(daemon);
    const audited = await start({ exports: { syslog: { address: `tcp://127.0.0.1:${port}` } } });
    await pushImages(audited, 1);
    await until("both are there", () => existsSync(output) && readFileSync(output, "utf8").split("\n").length === 3);
    const [first = "", second = ""] = readFileSync(output, "utf8").split("\n");
    const [, , name, act, data, message = ""] = first.split("|");
    expect([name, act]).toEqual(["berth", "manifest.push"]);
    expect(data).toMatch(
      /^\[berth@32473 sequence="1" outcome="success" address="127\.0\.0\.1" target="team\/app" .*\]$/,
    );
    const exported = linesIn((await audit(audited, "export")).stdout);
    expect(JSON.parse(message)).toEqual(exported[0]);
    expect(second).toContain("|tag.create|");
  });
});
