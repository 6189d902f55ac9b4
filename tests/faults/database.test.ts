import { Database } from "bun:sqlite";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { readValue } from "./support/read-values.ts";
import { makeSite, pullAll, type Site, workAsUsual, workThroughRefusals } from "./support/site.ts";
import { count, describeCounts, isRefusal } from "./support/traffic.ts";

setDefaultTimeout(90_000);

let berth: RunningRegistry | undefined;
let other: Database | undefined;
afterEach(async () => {
  other?.close();
  other = undefined;
  await berth?.stop();
});

const debugAddress = `127.0.0.1:${takeFreePort()}`;
const config = { log: { accesslog: { disabled: true } }, http: { debug: { addr: debugAddress } } };

/** What whoever is in charge is told. */
const readiness = () => new HttpClient(`http://${debugAddress}`).get("/readyz");

/** Keeps all others from writing until it is closed, as a backup tool or a shell that was left open does. */
function lockDatabase({ dataDirectory }: RunningRegistry): void {
  other = new Database(join(dataDirectory, "berth/berth.db"));
  other.run("begin immediate");
}

function unlockDatabase(): void {
  other?.run("rollback");
}

describe("while another process has the database locked", () => {
  test("for 3 s, pushes wait and succeed, and pulls go on", async () => {
    berth = await startBerth({ config });
    const site = makeSite(berth, "locked for 3 s");
    await workAsUsual(site, 100);
    const http = new HttpClient(berth.url);
    lockDatabase(berth);
    const working = workAsUsual(site, 100);
    const unlocking = Bun.sleep(3000).then(unlockDatabase);
    let pulls = 0;
    for (let isLocked = true; isLocked; pulls++) {
      expect((await http.get("/v2/team/app-0/tags/list")).status).toBe(200);
      isLocked = await Promise.race([unlocking.then(() => false), Bun.sleep(10).then(() => true)]);
    }
    await working;
    console.log(`locked for 3 s: 0 refused, ${pulls} reads answered meanwhile; afterwards ${await pullAll(site)}`);
  });

  test("for longer, pushes are told to come again, and succeed when they do", async () => {
    berth = await startBerth({ config });
    const site = makeSite(berth, "locked for long");
    await workAsUsual(site, 100);
    lockDatabase(berth);
    const figures = await workThroughRefusals(site, 20);
    console.log(`locked: ${figures}; meanwhile ${await pullAll(site)}`);
    const told = await readiness();
    expect([told.status, told.text]).toEqual([200, expect.stringContaining("locked by another process")]);
    unlockDatabase();
    await workAsUsual(site, 100);
  });
});

describe("a damaged database", () => {
  const pageBytes = 4096;

  /** Overwrites a page with noise for as long as the work takes. */
  async function withNoise<T>(file: string, page: number, work: () => Promise<T>): Promise<T> {
    const handle = openSync(file, "r+");
    const sound = new Uint8Array(pageBytes);
    readSync(handle, sound, 0, pageBytes, page * pageBytes);
    writeSync(handle, randomFillSync(new Uint8Array(pageBytes)), 0, pageBytes, page * pageBytes);
    try {
      return await work();
    } finally {
      writeSync(handle, sound, 0, pageBytes, page * pageBytes);
      closeSync(handle);
    }
  }

  async function pullFromNoise({ ledger }: Site, url: string): Promise<Map<string, number>> {
    const http = new HttpClient(url);
    const found = new Map<string, number>();
    for (const path of ledger.paths()) {
      const answer = await http.get(path);
      if (isRefusal(answer)) count(found, "503");
      else if (ledger.isSurely(path, readValue(path, answer))) count(found, "right");
      else throw new Error(`${path}: ${answer.status}, which is wrong`);
    }
    return found;
  }

  test("stops the start with what to do, or is answered for with 503, and never gives anything wrong", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    berth = await startBerth({ dataDirectory, config });
    const site = makeSite(berth, "damaged pages");
    await workAsUsual(site, 300);
    await berth.stop();
    const file = join(dataDirectory, "berth/berth.db");
    const pages = statSync(file).size / pageBytes;
    const chosen = Array.from({ length: 16 }, (_, number) => Math.floor((number * pages) / 16));
    const ends = new Map<string, number>();
    for (const page of chosen) {
      await withNoise(file, page, async () => {
        const started = await startBerth({ dataDirectory, config }).catch((error: unknown) => String(error));
        if (typeof started === "string") {
          expect(started).toMatch(
            /Berth cannot start: .*berth\.db: the database file is (?:damaged|not a database): restore it/,
          );
          return count(ends, "did not start");
        }
        berth = started;
        const found = await pullFromNoise(site, berth.url);
        if (found.has("503")) expect((await readiness()).text).toContain("is damaged: restore it from a backup");
        count(
          ends,
          found.has("503") ? "started, answered 503 where it was damaged" : "started, nothing pulled was in it",
        );
        // What it would write on its way out must not meet the sound page that comes back.
        berth.kill("SIGKILL");
        await berth.exited;
      });
    }
    berth = await startBerth({ dataDirectory, config });
    console.log(
      `${chosen.length} of ${pages} pages, one after another: ${describeCounts(ends)}; restored: ${await pullAll({ ...site, berth })}`,
    );
    expect(ends.get("did not start")).toBeGreaterThan(0);
  });
});
