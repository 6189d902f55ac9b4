import type { RunningRegistry } from "../../support/registry-process.ts";
import { Ledger } from "./ledger.ts";
import { settlePaths } from "./read-values.ts";
import { makeClients, type RepositoryClient } from "./repository-client.ts";
import { startRandom } from "./seeded-random.ts";
import { describeCounts, type RefusalOptions, sumOf, Traffic } from "./traffic.ts";
import { withLog } from "./with-log.ts";

/** A registry with the clients that use it. */
export interface Site {
  readonly berth: Pick<RunningRegistry, "url" | "logs">;
  readonly ledger: Ledger;
  readonly clients: readonly RepositoryClient[];
}

/** @param about for the line with the seed. */
export function makeSite<T extends Site["berth"]>(berth: T, about: string): Site & { readonly berth: T } {
  const ledger = new Ledger();
  return { berth, ledger, clients: makeClients(6, ledger, startRandom(about)) };
}

/** Lets the clients work until so many requests were sent, none of which may be refused, and pulls what they touched. */
export async function workAsUsual({ berth, clients, ledger }: Site, requests: number): Promise<void> {
  let left = requests;
  const traffic = new Traffic(berth.url, { onSend: () => void (--left <= 0 && traffic.end()) });
  await withLog(berth, async () => {
    await Promise.all(clients.map((client) => client.work(traffic)));
    await settlePaths(ledger, berth.url, ledger.takeTouched());
  });
}

/**
 * Lets the clients work until so many requests were refused.
 *
 * @returns a line of figures.
 */
export async function workThroughRefusals(site: Site, refusals: number, options?: RefusalOptions): Promise<string> {
  const { berth, clients } = site;
  const traffic = new Traffic(berth.url, { onSend: () => void (sumOf(traffic.refused) >= refusals && traffic.end()) });
  traffic.allowRefusals(options);
  await withLog(berth, () => Promise.all(clients.map((client) => client.work(traffic))));
  return `acknowledged: ${describeCounts(traffic.answered)}; refused: ${describeCounts(traffic.refused)}`;
}

/** Pulls everything that ever was, with a line of figures. */
export async function pullAll({ berth, ledger }: Site): Promise<string> {
  const paths = ledger.paths();
  await withLog(berth, () => settlePaths(ledger, berth.url, paths));
  return `${paths.length} paths pulled`;
}
