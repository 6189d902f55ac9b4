import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireRoot } from "../support/require-program.ts";
import { checkData, describeData } from "./support/data-directory.ts";
import { cutPower, DiskImage, type Mounted } from "./support/file-systems.ts";
import { Ledger } from "./support/ledger.ts";
import { settlePaths } from "./support/read-values.ts";
import { makeClients } from "./support/repository-client.ts";
import { type SeededRandom, startRandom } from "./support/seeded-random.ts";
import { withLog } from "./support/with-log.ts";
import { count, describeCounts, type RequestKind, Traffic } from "./support/traffic.ts";

setDefaultTimeout(120_000);

let running: RunningRegistry | undefined;
let mounted: Mounted | undefined;
afterEach(async () => {
  await running?.stop();
  await mounted?.unmount().catch(() => undefined);
});

const cuts = 20;
/** So that nothing reaches the disk in time by itself: of what is there afterwards somebody took care. */
const lazily = "commit=300";

async function startOn(folder: string): Promise<RunningRegistry> {
  const dataDirectory = join(folder, "data");
  const config = {
    storage: { maintenance: { uploadpurging: { enabled: false } } },
    log: { accesslog: { disabled: true } },
  };
  running = await startBerth({ dataDirectory, config });
  return running;
}

class CutRegistry {
  readonly ledger = new Ledger();
  readonly figures = { inFlight: new Map<string, number>(), answered: new Map<RequestKind, number>() };
  readonly #clients;
  readonly #disk: DiskImage;

  constructor(disk: DiskImage, random: SeededRandom) {
    this.#disk = disk;
    this.#clients = makeClients(6, this.ledger, random);
  }

  /** Works with clients until the power is cut, and looks at what the disk has then. */
  async cutAfter(requests: number): Promise<void> {
    mounted = await this.#disk.mount();
    const berth = await startOn(mounted.folder);
    const { folder } = mounted;
    await withLog(berth, async () => {
      await settlePaths(this.ledger, berth.url, this.ledger.takeTouched());
      await this.#workUntilCut(berth, folder, requests);
    });
    await berth.exited;
    await mounted.unmount();
  }

  async #workUntilCut(berth: RunningRegistry, folder: string, requests: number): Promise<void> {
    const reached = Promise.withResolvers<void>();
    let sent = 0;
    const traffic = new Traffic(berth.url, { onSend: () => void (++sent === requests && reached.resolve()) });
    const working = this.#clients.map((client) => client.work(traffic));
    await Promise.race([reached.promise, ...working]);
    for (const each of traffic.inFlight()) count(this.figures.inFlight, each);
    traffic.cutAndHearNothing();
    cutPower(folder);
    berth.kill("SIGKILL");
    await Promise.all(working);
    for (const [each, answers] of traffic.answered) count(this.figures.answered, each, answers);
    // A session is durable with its first bytes, as docs/flows/upload-session.md says.
    for (const { sessions } of this.#clients) for (const session of sessions) session.mayBeGone ||= !session.isDurable;
  }

  async check(): Promise<string> {
    mounted = await this.#disk.mount();
    const berth = await startOn(mounted.folder);
    await settlePaths(this.ledger, berth.url, this.ledger.paths());
    const traffic = new Traffic(berth.url);
    const sessions = this.#clients.flatMap((client) => client.sessions);
    for (const session of sessions) await session.findOffset(traffic);
    await berth.stop();
    const data = describeData(await checkData(join(mounted.folder, "data")));
    await mounted.unmount();
    return `${this.ledger.paths().length} paths and ${sessions.length} upload sessions as they should be; ${data}`;
  }
}

requireRoot().describe("a power cut", () => {
  test("is what this suite makes: what was not synced is gone, what was is there", async () => {
    const disk = await DiskImage.make(32, lazily);
    mounted = await disk.mount();
    const [synced, late] = [join(mounted.folder, "synced"), join(mounted.folder, "late")];
    const handle = await open(synced, "w");
    await handle.writeFile("first");
    await handle.sync();
    await handle.writeFile(", second");
    await handle.close();
    writeFileSync(late, "too late");
    cutPower(mounted.folder);
    expect(() => writeFileSync(late, "more")).toThrow("EIO");
    await mounted.unmount();
    mounted = await disk.mount();
    const after = (name: string) => join((mounted as Mounted).folder, name);
    expect(readFileSync(after("synced"), "utf8")).toBe("first");
    expect(existsSync(after("late"))).toBe(false);
  });

  // Without order between data and journal, a file whose name is on the disk may lack its bytes.
  test.each(["data=ordered", "data=writeback"])("with ext4's %s loses nothing that was acknowledged", async (mode) => {
    const random = startRandom(`power cuts, ${mode}`);
    const cut = new CutRegistry(await DiskImage.make(1024, `${lazily},${mode}`), random);
    for (let round = 0; round < cuts; round++) await cut.cutAfter(10 + random.below(80));
    const found = await cut.check();
    const { inFlight, answered } = cut.figures;
    console.log(`${cuts} power cuts; with these in flight: ${describeCounts(inFlight)}`);
    console.log(`acknowledged: ${describeCounts(answered)}`);
    console.log(found);
    for (const kind of ["data", "commit", "tag"]) expect(inFlight.get(kind)).toBeGreaterThan(0);
  });
});
