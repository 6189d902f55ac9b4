import { expect, test } from "bun:test";
import fc from "fast-check";
import { auditLine } from "../../../../src/events/index.ts";
import { syslogMessage } from "../../../../src/events/audit/syslog-message.ts";
import { auditRecord } from "../../../support/audit-records.ts";

const origin = { facility: 13, hostname: "registry.example" };
const hash = auditRecord(7).hash;

test("a message says who did what, as structured data and as a line of JSON", () => {
  const line =
    '{"sequence":7,"time":"2026-11-21T13:00:00.007Z","act":"tag.move","outcome":"success","actor":"alice",' +
    `"address":"10.0.0.1","target":"team/app","requestId":"request-7","detail":{"tag":"v1"},"hash":"${hash}"}`;
  expect(syslogMessage(auditRecord(7), origin)).toBe(
    "<110>1 2026-11-21T13:00:00.007Z registry.example berth - tag.move " +
      '[berth@32473 sequence="7" outcome="success" actor="alice" address="10.0.0.1" target="team/app" ' +
      `requestId="request-7" hash="${hash}"] ${line}`,
  );
});

test("what failed is a warning, and what is not known is left away", () => {
  const record = auditRecord(7, { outcome: "failure", actor: null, address: null, requestId: null, target: null });
  expect(syslogMessage(record, { facility: 4, hostname: "" })).toStartWith(
    `<36>1 2026-11-21T13:00:00.007Z - berth - tag.move [berth@32473 sequence="7" outcome="failure" hash="${hash}"] {`,
  );
});

/** RFC 5424's grammar of a message, in another way. */
const MESSAGE =
  /^<\d{1,3}>1 \S+ [\x21-\x7e]{1,255} berth - [\x21-\x7e]{1,32} \[berth@32473((?: [a-zA-Z]+="(?:[^"\\\]\p{Cc}]|\\["\\\]])*")*)\] ([^]*)$/u;

test("whatever a name is, the message keeps its form", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (actor, act) => {
      const record = auditRecord(1, { actor, act });
      const [, parameters = "", line] = MESSAGE.exec(syslogMessage(record, origin)) ?? [];
      expect(line).toBe(auditLine(record));
      expect(line).not.toContain("\n");
      const sent = / actor="((?:[^"\\]|\\.)*)"/u.exec(parameters)?.[1]?.replaceAll(/\\(.)/gu, "$1");
      expect(sent).toBe(actor.replaceAll(/\p{Cc}/gu, " "));
    }),
  );
});

test("a detail that somebody has spoilt is told as it is", () => {
  expect(JSON.parse(auditLine(auditRecord(1, { detail: "{spoilt" })))).toMatchObject({ detail: "{spoilt" });
  expect(JSON.parse(auditLine(auditRecord(1, { detail: null })))).toMatchObject({ detail: null });
});
