import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { checkData, describeData } from "./support/data-directory.ts";
import { Ledger } from "./support/ledger.ts";
import { settlePaths } from "./support/read-values.ts";
import { makeClients, type RepositoryClient } from "./support/repository-client.ts";
import { type SeededRandom, startRandom } from "./support/seeded-random.ts";
import { withLog } from "./support/with-log.ts";
import { count, describeCounts, type RequestKind, Traffic } from "./support/traffic.ts";

setDefaultTimeout(240_000);

let running: RunningRegistry | undefined;
afterEach(() => running?.stop());

const kills = 210;
const purging = { enabled: true, age: "20ms", interval: "5ms" };

/** What a kill is aimed at: that many requests of a kind were sent, and then some milliseconds. */
interface Aim {
  readonly kind: RequestKind;
  readonly number: number;
  readonly delayMs: number;
}

/** One data directory, killed and started again and again. */
class KilledRegistry {
  readonly ledger = new Ledger();
  readonly dataDirectory = makeTemporaryFolder("killed");
  readonly figures = { inFlight: new Map<string, number>(), answered: new Map<RequestKind, number>(), purged: 0 };
  readonly #clients: readonly RepositoryClient[];

  constructor(random: SeededRandom) {
    this.#clients = makeClients(6, this.ledger, random);
  }

  /** Works with clients until the kill, and looks after the next start what it has done to what they touched. */
  async killAt(aim: Aim, isPurging: boolean): Promise<void> {
    const berth = await this.start(isPurging ? purging : { enabled: false });
    await withLog(berth, () => settlePaths(this.ledger, berth.url, this.ledger.takeTouched()));
    if (isPurging) for (const { sessions } of this.#clients) for (const session of sessions) session.mayBeGone = true;
    await withLog(berth, () => this.#workUntil(berth, aim, isPurging));
    await berth.exited;
    // Whatever there was to repair was done without a word.
    expect(berth.logs().match(/level=(?:warn|error|fatal) .*/)?.[0]).toBeUndefined();
    this.figures.purged += berth.logs().split('msg="removed stale upload"').length - 1;
    await berth.stop();
  }

  async start(uploadpurging: object): Promise<RunningRegistry> {
    const config = { storage: { maintenance: { uploadpurging } }, log: { accesslog: { disabled: true } } };
    running = await startBerth({ dataDirectory: this.dataDirectory, config });
    return running;
  }

  async #workUntil(berth: RunningRegistry, { kind, number, delayMs }: Aim, isPurging: boolean): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const sent = new Map<RequestKind, number>();
    const onSend = (each: RequestKind) => {
      count(sent, each);
      if (sent.get(kind) === number) reached.resolve();
    };
    const traffic = new Traffic(berth.url, { onSend });
    const working = this.#clients.map((client) => client.work(traffic, { sessionsMayEnd: isPurging }));
    await Promise.race([reached.promise, ...working]);
    if (delayMs > 0) await Bun.sleep(delayMs);
    traffic.cut();
    berth.kill("SIGKILL");
    for (const each of traffic.inFlight()) count(this.figures.inFlight, each);
    await Promise.all(working);
    for (const [each, answers] of traffic.answered) count(this.figures.answered, each, answers);
  }
}

describe("a registry that is killed", () => {
  test("loses nothing that it acknowledged, shows nothing that it did not, and starts without repair", async () => {
    const random = startRandom("kills");
    const killed = new KilledRegistry(random);
    const kinds = ["data", "commit", "manifest", "tag", "delete", "mount"] as const;
    for (let round = 0; round < kills; round++) {
      const aim = {
        kind: kinds[round % kinds.length] ?? "data",
        number: 1 + random.below(8),
        delayMs: random.below(4),
      };
      await killed.killAt(aim, random.isLessThan(0.3));
    }
    const { ledger, figures } = killed;
    const berth = await killed.start({ enabled: true, age: "0s", interval: "50ms" });
    await settlePaths(ledger, berth.url, ledger.paths());
    await until("nothing is left to purge", () => /busy=0 .*sessions=0|sessions=0 .*busy=0/.test(berth.logs()));
    await berth.stop();
    const data = await checkData(killed.dataDirectory);
    console.log(`${kills} kills; with these in flight: ${describeCounts(figures.inFlight)}`);
    console.log(`acknowledged: ${describeCounts(figures.answered)}; purged in between: ${figures.purged}`);
    console.log(`${ledger.paths().length} paths as they should be; ${describeData(data)}`);
    for (const kind of kinds) expect(figures.inFlight.get(kind)).toBeGreaterThan(0);
    expect(figures.purged).toBeGreaterThan(0);
    expect([data.sessions, data.unfinishedFiles]).toEqual([0, 0]);
  });
});
