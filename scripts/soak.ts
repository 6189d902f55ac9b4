/**
 * Keeps a registry under mixed load and looks whether it grows:
 *
 *     npm run soak                    ten minutes
 *     npm run soak -- --minutes 60
 *     npm run soak -- --collection    clean-up without a window flat out against clients
 *
 * The exit code is not 0 when a request failed, what was pushed is not there, or memory or descriptors grew; with `--collection` when an
 * acknowledged image broke.
 */
import { parseArgs } from "node:util";

import { raceCollection } from "../tests/faults/support/collection-race.ts";
import { requireFlat, soak } from "../tests/faults/support/soak.ts";
import { startBerth } from "../tests/support/berth.ts";
import { describeFigures } from "../tests/support/process-figures.ts";
import { stopDaemons } from "../tests/support/daemon.ts";
import { removeTemporaryFolders } from "../tests/support/temporary-folder.ts";

async function main(minutes: number, isOfCollection: boolean): Promise<void> {
  if (!(minutes > 0)) throw new Error("--minutes wants a number above 0");
  if (isOfCollection) return race(minutes);
  const berth = await startBerth({ config: { log: { accesslog: { disabled: true } } } });
  const figures = await soak(berth, { durationMs: minutes * 60_000, report: (line) => console.log(line) });
  console.log(`second quarter: at most ${describeFigures(figures.early)}`);
  console.log(`last quarter: at most ${describeFigures(figures.late)}`);
  requireFlat(figures);
  console.log("flat");
}

async function race(minutes: number): Promise<void> {
  const storage = { delete: { enabled: true }, maintenance: { gc: { enabled: false }, bin: { keep: "0s" } } };
  const berth = await startBerth({ config: { log: { accesslog: { disabled: true } }, storage } });
  const { broken, ...figures } = await raceCollection(berth, { durationMs: minutes * 60_000, clients: 12 });
  console.log(figures);
  if (broken.length > 0) throw new Error(`broken: ${broken.join("\n")}`);
  console.log("not one broken");
}

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, collection: { type: "boolean", default: false } },
});
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
try {
  await main(Number(values.minutes), values.collection);
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await stopDaemons();
  removeTemporaryFolders();
}
