import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import type { ListPages, ListPagesResult } from "../load/list-pages.ts";
import { runLoad } from "../load/run-load.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";
import { describeSizes, fillLists, TAGGED_REPOSITORY, withFilled } from "./filled-lists.ts";
import type { Row } from "./row.ts";

const PAGE_SIZE = 100;
/** A page at the end of a list may cost this much of one at its beginning and still be called equal. */
const FLAT = 1.5;

interface List {
  readonly id: string;
  readonly title: string;
  readonly path: string;
}

/** Time of a page of a hundred tags of one repository. */
export const listTags: Row = {
  id: "tags-list",
  measure: async (run) =>
    measurePages(run, {
      id: "tags-list",
      title: `tags/list page of ${PAGE_SIZE}, ${run.pace.lists.tags.toLocaleString("en-US")} tags`,
      path: `/v2/${TAGGED_REPOSITORY}/tags/list`,
    }),
};

/** Time of a page of a hundred repositories. */
export const listCatalog: Row = {
  id: "catalog",
  measure: async (run) =>
    measurePages(run, {
      id: "catalog",
      title: `catalog page of ${PAGE_SIZE}, ${run.pace.lists.repositories.toLocaleString("en-US")} repositories`,
      path: "/v2/_catalog",
    }),
};

async function measurePages(run: BenchRun, list: List): Promise<readonly Figure[]> {
  const filling = await fillLists(run);
  const samples = await withFilled(run, async (peers) => {
    const measure = async (port: number, seconds: number): Promise<ListPagesResult> => {
      const input = { port, path: list.path, pageSize: PAGE_SIZE, seconds };
      return (await runLoad<ListPages>("list-pages", input, seconds + 60)).result;
    };
    const seconds = run.pace.secondsPerRound / 2;
    for (const peer of peers) await measure(peer.port, seconds);
    return takeTurns(peers, run.pace.rounds, (peer) => measure(peer.port, seconds));
  });
  const shared = { better: "lower", notes: [] } as const;
  return [
    {
      ...shared,
      id: list.id,
      title: list.title,
      unit: "ms p50",
      samples: pick(samples, (sample) => sample.p50Ms),
      targets: [{ bound: "at most", value: 2 }],
      notes: [
        `${describeSizes(run)}; filled over HTTP in ${describeSeconds(filling)}`,
        `p50 of the list's first and last tenth: ${describeFlatness(samples)}`,
      ],
    },
    {
      ...shared,
      id: `${list.id}-flat`,
      title: `${list.title}, last tenth of the list`,
      unit: "times the first tenth",
      samples: pick(samples, (sample) => sample.lastTenthMs / sample.firstTenthMs),
      targets: [{ bound: "at most", value: FLAT }],
    },
  ];
}

function describeSeconds(filling: ReadonlyMap<PeerName, number>): string {
  return [...filling].map(([name, seconds]) => `${name} ${seconds.toFixed(0)} s`).join(", ");
}

function describeFlatness(samples: ReadonlyMap<string, readonly ListPagesResult[]>): string {
  const parts = [...samples].map(([name, list]) => {
    const first = median(list.map((sample) => sample.firstTenthMs));
    const last = median(list.map((sample) => sample.lastTenthMs));
    return `${name} ${first.toFixed(2)} and ${last.toFixed(2)} ms`;
  });
  return parts.join(", ");
}
