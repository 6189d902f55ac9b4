import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import type { FillLists } from "../load/fill-lists.ts";
import type { ListPages, ListPagesResult } from "../load/list-pages.ts";
import { runLoad } from "../load/run-load.ts";
import type { Figure } from "../report/figure.ts";
import { median } from "../report/statistics.ts";
import type { Row } from "./row.ts";

const TAGGED_REPOSITORY = "bench/tagged";
const PAGE_SIZE = 100;
const FILL_LIMIT_SECONDS = 3600;

/** Time of a page of a hundred tags of one repository. */
export const listTags: Row = {
  id: "tags-list",
  measure: async (run) => [
    await measurePages(run, {
      id: "tags-list",
      title: `tags/list page of ${PAGE_SIZE}, ${run.pace.tags.toLocaleString("en-US")} tags`,
      path: `/v2/${TAGGED_REPOSITORY}/tags/list`,
    }),
  ],
};

/** Time of a page of a hundred repositories. */
export const listCatalog: Row = {
  id: "catalog",
  measure: async (run) => [
    await measurePages(run, {
      id: "catalog",
      title: `catalog page of ${PAGE_SIZE}, ${run.pace.repositories.toLocaleString("en-US")} repositories`,
      path: "/v2/_catalog",
    }),
  ],
};

async function measurePages(
  run: BenchRun,
  list: { readonly id: string; readonly title: string; readonly path: string },
): Promise<Figure> {
  await fillLists(run);
  const measure = async (port: number, seconds: number): Promise<ListPagesResult> => {
    const input = { port, path: list.path, pageSize: PAGE_SIZE, seconds };
    return (await runLoad<ListPages>("list-pages", input, seconds + 60)).result;
  };
  const seconds = run.pace.secondsPerRound / 2;
  for (const peer of run.registries) await measure(peer.port, seconds);
  const samples = await takeTurns(run.registries, run.pace.rounds, (peer) => measure(peer.port, seconds));
  return {
    id: list.id,
    title: list.title,
    unit: "ms p50",
    better: "lower",
    samples: pick(samples, (sample) => sample.p50Ms),
    targets: [{ bound: "at most", value: 2 }],
    notes: [`p50 of the list's first and last tenth: ${describeFlatness(samples)}`],
  };
}

async function fillLists(run: BenchRun): Promise<void> {
  await run.once("lists", async () => {
    for (const { port } of run.registries) {
      const { tags, repositories } = run.pace;
      const input = { port, taggedRepository: TAGGED_REPOSITORY, tags, repositories };
      await runLoad<FillLists>("fill-lists", input, FILL_LIMIT_SECONDS);
    }
  });
}

function describeFlatness(samples: ReadonlyMap<string, readonly ListPagesResult[]>): string {
  const parts = [...samples].map(([name, list]) => {
    const first = median(list.map((sample) => sample.firstTenthMs));
    const last = median(list.map((sample) => sample.lastTenthMs));
    return `${name} ${first.toFixed(2)} and ${last.toFixed(2)} ms`;
  });
  return parts.join(", ");
}
