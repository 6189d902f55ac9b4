import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { dial, type Dialled } from "../support/dialled.ts";
import { describeFigures, figuresOf } from "../support/process-figures.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { mustRun } from "../support/run-program.ts";
import { until } from "../support/until.ts";
import { makeSite, pullAll, workAsUsual } from "./support/site.ts";
import { describeCounts, sumOf, Traffic } from "./support/traffic.ts";
import { withLog } from "./support/with-log.ts";

setDefaultTimeout(60_000);

const most = 128;
let berth: RunningRegistry | undefined;
const crowd: Dialled[] = [];
afterEach(async () => {
  for (const connection of crowd.splice(0)) connection.hangUp();
  await berth?.stop();
});

/** Connects until the registry has no descriptor left for another file, and goes on when it has. */
async function crowdIn({ pid, port, host }: RunningRegistry): Promise<void> {
  while (figuresOf(pid).openFiles < most) {
    const connection = await dial({ port });
    crowd.push(connection);
    connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await Bun.sleep(1);
  }
}

test("a registry without a descriptor left refuses cleanly, and is well again when there are some", async () => {
  berth = await startBerth({ config: { log: { accesslog: { disabled: true } } } });
  const { pid } = berth;
  const site = makeSite(berth, "open files");
  await workAsUsual(site, 100);
  const before = figuresOf(pid);
  await mustRun(argv`prlimit --pid ${pid} --nofile=${most}:${most}`);
  let isOver = false;
  const traffic = new Traffic(berth.url, { onSend: () => void (isOver && traffic.end()) });
  traffic.allowRefusals({ ofPulls: true });
  const working = withLog(berth, () => Promise.all(site.clients.map((client) => client.work(traffic))));
  for (let wave = 0; wave < 10; wave++) {
    await crowdIn(berth);
    await Bun.sleep(100);
    // Some leave, so that clients whose connection was closed come in again.
    for (const connection of crowd.splice(0, 8)) connection.hangUp();
  }
  const during = figuresOf(pid);
  isOver = true;
  for (const connection of crowd.splice(0)) connection.hangUp();
  await working;
  await until("the crowd is gone", () => figuresOf(pid).openFiles <= before.openFiles + 8);
  await workAsUsual(site, 100);
  console.log(`at most ${most} files open; acknowledged: ${describeCounts(traffic.answered)}`);
  console.log(`refused: ${describeCounts(traffic.refused)}; afterwards ${await pullAll(site)}`);
  console.log(
    `before: ${describeFigures(before)}; crowded: ${describeFigures(during)}; after: ${describeFigures(figuresOf(pid))}`,
  );
  expect(sumOf(traffic.refused)).toBeGreaterThan(0);
});
