import { describe, expect, test } from "bun:test";

import { renewalDueAtMs, retryDelayMs } from "../../../../../src/http/tls/acme/renewal-schedule.ts";

const days = 24 * 60 * 60_000;

describe("a certificate of 90 days", () => {
  const validity = { notBeforeMs: 1000 * days, notAfterMs: 1090 * days };

  test("is renewed 30 days before its end at the latest, and 33 at the earliest", () => {
    expect(renewalDueAtMs(validity, 0)).toBe(1060 * days);
    expect(renewalDueAtMs(validity, 1)).toBe(1057 * days);
  });
});

test("pauses after failures grow from five minutes to an hour, and are spread by a quarter", () => {
  const minutes = [1, 2, 3, 4, 5, 100].map((failures) => retryDelayMs(failures, 0) / 60_000);
  expect(minutes).toEqual([5, 10, 20, 40, 60, 60]);
  expect(retryDelayMs(1, 1) / 60_000).toBe(6.25);
});

test("no hour sees five failed attempts, the limit of Let's Encrypt", () => {
  const attempts = [0];
  for (let failures = 1; failures < 50; failures += 1)
    attempts.push((attempts.at(-1) ?? 0) + retryDelayMs(failures, 0));
  for (const start of attempts) {
    const inAnHour = attempts.filter((at) => at >= start && at < start + 60 * 60_000);
    expect(inAnHour.length).toBeLessThan(5);
  }
});
