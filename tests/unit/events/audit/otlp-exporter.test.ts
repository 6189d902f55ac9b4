import { afterEach, expect, test } from "bun:test";
import { createOtlpExporter } from "../../../../src/events/audit/otlp-exporter.ts";
import { auditLine } from "../../../../src/events/index.ts";
import { auditRecord, auditRecords } from "../../../support/audit-records.ts";
import { logTo } from "../../http/health/log-to.ts";

const unstopped = new AbortController().signal;
const hash = auditRecord(7).hash;

let server: Bun.Server<undefined> | undefined;
afterEach(() => server?.stop(true));

const requests: { readonly path: string; readonly headers: Headers; readonly body: unknown }[] = [];
const lines: string[] = [];

function exporterTo(answer: () => Response) {
  requests.length = lines.length = 0;
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      requests.push({ path: new URL(request.url).pathname, headers: request.headers, body: await request.json() });
      return answer();
    },
  });
  const options = { endpoint: `http://127.0.0.1:${server.port}/v1/logs`, headers: { Authorization: "Bearer secret" } };
  return createOtlpExporter(options, { version: "1.2.3", hostname: "host" }, logTo(lines));
}

test("acts are log records with their name, severity, attributes and all of it as text", async () => {
  await exporterTo(() => Response.json({})).send(
    [auditRecord(7), auditRecord(8, { outcome: "failure", actor: null })],
    unstopped,
  );
  const [request] = requests;
  expect(request?.path).toBe("/v1/logs");
  expect(request?.headers.get("authorization")).toBe("Bearer secret");
  expect(request?.headers.get("content-type")).toBe("application/json");
  const { resourceLogs } = (request?.body ?? {}) as {
    resourceLogs: { resource: object; scopeLogs: { logRecords: object[] }[] }[];
  };
  expect(resourceLogs[0]?.resource).toEqual({
    attributes: [
      { key: "service.name", value: { stringValue: "berth" } },
      { key: "service.version", value: { stringValue: "1.2.3" } },
      { key: "host.name", value: { stringValue: "host" } },
    ],
  });
  const [first, second] = resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
  expect(first).toEqual({
    timeUnixNano: "1795266000007000000",
    observedTimeUnixNano: "1795266000007000000",
    severityNumber: 9,
    severityText: "INFO",
    eventName: "tag.move",
    body: { stringValue: auditLine(auditRecord(7)) },
    attributes: [
      { key: "user.name", value: { stringValue: "alice" } },
      { key: "client.address", value: { stringValue: "10.0.0.1" } },
      { key: "berth.audit.sequence", value: { intValue: "7" } },
      { key: "berth.audit.outcome", value: { stringValue: "success" } },
      { key: "berth.audit.target", value: { stringValue: "team/app" } },
      { key: "berth.audit.hash", value: { stringValue: hash } },
      { key: "berth.request.id", value: { stringValue: "request-7" } },
    ],
  });
  expect(second).toMatchObject({ severityNumber: 13, severityText: "WARN" });
  expect(JSON.stringify(second)).not.toContain("user.name");
});

const refusals: readonly (readonly [string, () => Response, RegExp])[] = [
  ["refuses", () => new Response("who are you", { status: 401 }), /answered 401: who are you/],
  ["is busy", () => new Response("", { status: 503 }), /answered 503/],
  ["sends elsewhere", () => Response.redirect("http://127.0.0.1:1/", 307), /answered 307/],
  ["says far too much", () => new Response("x".repeat(10_000_000), { status: 500 }), /answered 500: x{200}$/],
];
test.each(refusals)("what it did not take comes again: it %s", async (_, answer, message) => {
  const failure = await exporterTo(answer)
    .send(auditRecords(1, 1), unstopped)
    .catch((error: unknown) => error);
  expect(String(failure)).toMatch(message);
});

test("what it never takes is told, and not sent again", async () => {
  const partialSuccess = { rejectedLogRecords: "2", errorMessage: "too old" };
  await exporterTo(() => Response.json({ partialSuccess })).send(auditRecords(1, 3), unstopped);
  expect(lines.join("")).toContain('level=warning msg="a collector refused acts of the audit trail"');
  expect(lines.join("")).toContain("rejected=2");
});

test.each(["", "not json", "null"])("an answer of %p is as good as any", async (text) => {
  await exporterTo(() => new Response(text)).send(auditRecords(1, 1), unstopped);
  expect(lines).toEqual([]);
});
