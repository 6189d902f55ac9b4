import { expect, test } from "bun:test";
import { join } from "node:path";
import { MetricsLedger } from "../../../../src/http/index.ts";
import type { MetricsReading } from "../../../../src/http/observation/index.ts";
import { MetricsText } from "../../../operations/support/metrics-text.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

/** What a process says that has counted three requests, two of which still run. */
const metrics = [
  { name: "requests_total", help: "x", type: "counter", aggregator: "sum", values: [{ value: 3, labels: {} }] },
  { name: "in_flight", help: "x", type: "gauge", aggregator: "sum", values: [{ value: 2, labels: {} }] },
] as unknown as MetricsReading;

test("what a process has counted stays counted when it is gone, what it had does not", async () => {
  const folder = makeTemporaryFolder("ledger");
  const sockets = ["0.sock", "1.sock"].map((name) => join(folder, name));
  const [one, two] = sockets.map((unix) => Bun.serve({ unix, fetch: () => Response.json({ restarts: 0, metrics }) }));
  const ledger = new MetricsLedger(sockets);
  const read = async () => {
    const text = new MetricsText((await ledger.render()).body);
    return [text.find("requests_total"), text.find("in_flight")];
  };
  expect(await read()).toEqual([6, 4]);
  await one?.stop(true);
  expect(await read()).toEqual([6, 2]);
  await two?.stop(true);
});
