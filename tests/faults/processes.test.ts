import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { servingProcesses } from "../support/serving-processes.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { checkData, describeData } from "./support/data-directory.ts";
import { Ledger } from "./support/ledger.ts";
import { settlePaths } from "./support/read-values.ts";
import { makeClients } from "./support/repository-client.ts";
import { startRandom } from "./support/seeded-random.ts";
import { count, describeCounts, type RequestKind, Traffic } from "./support/traffic.ts";
import { withLog } from "./support/with-log.ts";

setDefaultTimeout(240_000);

let running: RunningRegistry | undefined;
afterEach(() => running?.stop());

const COUNT = 3;
const KILLS = 25;

/** Until each place has a process again; the last of them may still be asked for its first time. */
async function untilWhole(berth: RunningRegistry, kills: number): Promise<void> {
  const starts = () => berth.logs().match(/msg=listening process=/g)?.length ?? 0;
  await until("all processes serve", () => starts() === COUNT + kills && servingProcesses(berth.pid).length === COUNT);
}

test("serving processes that are killed, one after another, lose nothing that any of them acknowledged", async () => {
  const random = startRandom("killed processes");
  const ledger = new Ledger();
  const clients = makeClients(6, ledger, random);
  const dataDirectory = makeTemporaryFolder("processes");
  const config = { http: { processes: COUNT }, log: { accesslog: { disabled: true } } };
  const berth = (running = await startBerth({ dataDirectory, config }));
  await untilWhole(berth, 0);
  const inFlight = new Map<string, number>();
  const answered = new Map<RequestKind, number>();
  const refused = new Map<number, number>();
  for (let round = 0; round < KILLS; round++) {
    const traffic = new Traffic(berth.url);
    const working = withLog(berth, () => Promise.all(clients.map((client) => client.work(traffic))));
    await Promise.race([Bun.sleep(20 + random.below(200)), working]);
    const pids = servingProcesses(berth.pid);
    const victim = pids[random.below(pids.length)] ?? 0;
    traffic.cutInPart();
    process.kill(victim, "SIGKILL");
    for (const kind of traffic.inFlight()) count(inFlight, kind);
    await working;
    for (const [kind, answers] of traffic.answered) count(answered, kind, answers);
    for (const [status, refusals] of traffic.refused) count(refused, status, refusals);
    await untilWhole(berth, round + 1);
    await withLog(berth, () => settlePaths(ledger, berth.url, ledger.takeTouched()));
  }
  await settlePaths(ledger, berth.url, ledger.paths());
  const complaints = berth.logs().match(/level=(?:warn|error|fatal).*/g) ?? [];
  const expected = /a serving process ended|on this upload did not answer|err\.code="upload interrupted"/;
  expect(complaints.filter((line) => !expected.test(line))).toEqual([]);
  await berth.stop();
  const data = await checkData(dataDirectory);
  console.log(`${KILLS} serving processes killed; with these in flight: ${describeCounts(inFlight)}`);
  console.log(`refused meanwhile: ${describeCounts(refused)}`);
  console.log(
    `acknowledged: ${describeCounts(answered)}; ${ledger.paths().length} paths as they should be; ${describeData(data)}`,
  );
  for (const kind of ["data", "commit", "manifest", "tag"]) expect(inFlight.get(kind)).toBeGreaterThan(0);
});
