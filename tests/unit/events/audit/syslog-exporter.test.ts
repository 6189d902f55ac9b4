import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import type { SyslogAddress, SyslogOptions } from "../../../../src/events/index.ts";
import { createSyslogExporter } from "../../../../src/events/audit/syslog-exporter.ts";
import { auditRecord, auditRecords } from "../../../support/audit-records.ts";
import { makeCertificates } from "../../../support/certificates.ts";
import { takeFreePort } from "../../../support/free-port.ts";
import { receiveDatagrams, SyslogReceiver } from "../../../support/syslog-receiver.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const unstopped = new AbortController().signal;
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

function exporterTo(address: SyslogAddress, more: Partial<SyslogOptions> = {}) {
  const options = { address, facility: 13, caPath: undefined, certificatePath: undefined, keyPath: undefined, ...more };
  const exporter = createSyslogExporter(options, "registry.example");
  cleanUp.unshift(() => exporter.close());
  return exporter;
}

async function receive(...where: Parameters<typeof SyslogReceiver.start>): Promise<SyslogReceiver> {
  const receiver = await SyslogReceiver.start(...where);
  cleanUp.push(() => receiver.stop());
  return receiver;
}

const sequencesIn = (messages: readonly string[]) =>
  messages.map((message) => Number(/ sequence="(\d+)"/.exec(message)?.[1]));

test("over UDP each act is a datagram, and a long one is cut", async () => {
  const receiver = await receiveDatagrams();
  cleanUp.push(() => receiver.stop());
  const exporter = exporterTo({ transport: "udp", hostname: "localhost", port: receiver.port });
  await exporter.send(
    [...auditRecords(1, 3), auditRecord(4, { detail: JSON.stringify("x".repeat(70_000)) })],
    unstopped,
  );
  await until("they arrive", () => receiver.messages.length === 4);
  expect(sequencesIn(receiver.messages)).toEqual([1, 2, 3, 4]);
  expect(receiver.messages[3]).toHaveLength(65_000);
});

test("over TCP they come one after another over one connection", async () => {
  const receiver = await receive();
  const exporter = exporterTo({ transport: "tcp", hostname: "127.0.0.1", port: receiver.port });
  await exporter.send([auditRecord(1, { actor: "Zoë ☃" }), auditRecord(2)], unstopped);
  await exporter.send(auditRecords(3, 400), unstopped);
  await until("they arrive", () => receiver.messages.length === 400);
  expect(sequencesIn(receiver.messages)).toEqual(auditRecords(1, 400).map(({ sequence }) => sequence));
  expect(receiver.messages[0]).toContain('actor="Zoë ☃"');
  expect(receiver.connections).toBe(1);
});

test("over a unix socket as well", async () => {
  const path = join(makeTemporaryFolder("syslog"), "socket");
  const receiver = await receive(path);
  await exporterTo({ transport: "unix", path }).send(auditRecords(1, 2), unstopped);
  await until("they arrive", () => receiver.messages.length === 2);
});

describe("over TLS", () => {
  test("they arrive where the certificate is trusted, and nothing is sent elsewhere", async () => {
    const certificates = await makeCertificates();
    const [cert, key] = await Promise.all([
      Bun.file(certificates.certificate).text(),
      Bun.file(certificates.key).text(),
    ]);
    const receiver = await receive(0, { cert, key });
    const address: SyslogAddress = { transport: "tls", hostname: "localhost", port: receiver.port };
    const refused = await exporterTo(address)
      .send(auditRecords(1, 1), unstopped)
      .catch((error: unknown) => error);
    expect(String(refused)).toMatch(/certificate|issuer/i);
    expect(receiver.messages).toEqual([]);
    await exporterTo(address, { caPath: certificates.authority }).send(auditRecords(1, 2), unstopped);
    await until("they arrive", () => receiver.messages.length === 2);
  });
});

describe("when the connection breaks", () => {
  test("what was sent last comes again with what is next", async () => {
    const receiver = await receive();
    const exporter = exporterTo({ transport: "tcp", hostname: "127.0.0.1", port: receiver.port });
    await exporter.send(auditRecords(1, 2), unstopped);
    await until("they arrive", () => receiver.messages.length === 2);
    receiver.hangUp();
    await until("the next arrive", async () => {
      await exporter.send(auditRecords(3, 3), unstopped).catch(() => undefined);
      return receiver.connections === 2;
    });
    await until("all arrive", () => sequencesIn(receiver.messages).includes(3));
    expect(sequencesIn(receiver.messages).slice(2, 4)).toEqual([1, 2]);
  });

  test("a send says so where nobody listens, and works when somebody does again", async () => {
    const port = takeFreePort();
    const exporter = exporterTo({ transport: "tcp", hostname: "127.0.0.1", port });
    const refused = await exporter.send(auditRecords(1, 1), unstopped).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    const receiver = await receive(port);
    await exporter.send(auditRecords(1, 1), unstopped);
    await until("it arrives", () => receiver.messages.length === 1);
  });

  test("a stop ends a send that hangs", async () => {
    // Takes connections, and reads nothing.
    const silent = createServer((socket) => void socket.pause());
    const path = join(makeTemporaryFolder("silent"), "socket");
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    cleanUp.push(() => void silent.close());
    const stopping = new AbortController();
    const long = auditRecord(1, { detail: JSON.stringify("x".repeat(20_000_000)) });
    const sent = exporterTo({ transport: "unix", path })
      .send([long], stopping.signal)
      .catch((error: unknown) => error);
    setTimeout(() => stopping.abort(), 20);
    expect(String(await sent)).toContain("stopped");
  });
});
