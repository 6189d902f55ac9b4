import { expect, test } from "bun:test";
import type { TlsMaterial } from "../../../../src/http/tls/index.ts";
import { watchExpiry } from "../../../../src/http/tls/watch-expiry.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.UTC(2030, 0, 20);

/** What is told of a certificate at its take-over. */
function toldOf(days: { readonly since: number; readonly left: number }): readonly string[] {
  const told: string[] = [];
  const report = (message: string) => void told.push(message);
  const notBeforeMs = NOW_MS - days.since * DAY_MS;
  const pair = { names: ["a.example"], notBeforeMs, notAfterMs: NOW_MS + days.left * DAY_MS };
  const source = { current: { pair } as unknown as TlsMaterial, subscribe: () => () => undefined };
  watchExpiry(source, { clock: { nowMs: () => NOW_MS }, reportProblem: report, reportProgress: report })();
  return told;
}

test.each([
  [{ since: 60, left: 30 }, []],
  [{ since: 76, left: 15 }, []],
  [{ since: 77, left: 13 }, ["the certificate for a.example ends at 2030-02-02T00:00:00.000Z: renew it"]],
  [
    { since: 100, left: -9 },
    ["the certificate for a.example has ended at 2030-01-11T00:00:00.000Z: clients refuse it"],
  ],
  [{ since: -1, left: 30 }, [expect.stringContaining("begins only at 2030-01-21T00:00:00.000Z")]],
  // Of a short life, what is left is much.
  [{ since: 3, left: 3 }, []],
  [{ since: 5, left: 1 }, [expect.stringContaining("renew it")]],
])("a certificate since and for %p days", (days, told) => {
  expect(toldOf(days)).toEqual(told);
});

test("another one is told of once it is in use, and authorities of clients are not", () => {
  const told: string[] = [];
  const pairOf = (name: string) => ({ names: [name], notBeforeMs: 0, notAfterMs: NOW_MS + 90 * DAY_MS });
  let material = { pair: pairOf("a.example") } as unknown as TlsMaterial;
  let notify = () => undefined as void;
  const source = {
    get current() {
      return material;
    },
    subscribe: (onChange: () => void) => {
      notify = onChange;
      return () => undefined;
    },
  };
  const reportProgress = (message: string) => void told.push(message);
  const end = watchExpiry(source, { clock: { nowMs: () => NOW_MS }, reportProblem: reportProgress, reportProgress });
  notify();
  expect(told).toEqual([]);
  material = { pair: pairOf("b.example") } as unknown as TlsMaterial;
  notify();
  expect(told).toEqual(["another certificate is in use, for b.example, until 2030-04-20T00:00:00.000Z"]);
  end();
});
