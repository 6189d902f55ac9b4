import { percentile } from "../report/statistics.ts";
import { HttpConnection, pathOf } from "./http-connection.ts";
import { askFor } from "./push-blob.ts";
import { answerLoad } from "./run-load.ts";

interface ListPagesInput {
  readonly port: number;
  readonly path: string;
  readonly pageSize: number;
  /** Walks of the whole list are repeated until this time is over; a walk that has begun is cut off then. */
  readonly seconds: number;
}

export interface ListPagesResult {
  readonly pages: number;
  readonly p50Ms: number;
  /** Medians of the first and the last tenth of a walk: equal when the cost does not grow with the position. */
  readonly firstTenthMs: number;
  readonly lastTenthMs: number;
}

interface Page {
  readonly latencyMs: number;
  readonly position: number;
}

/** Walks a paged list along its `Link` headers over one connection and times each page. */
async function listPages({ port, path, pageSize, seconds }: ListPagesInput): Promise<ListPagesResult> {
  const connection = await HttpConnection.open(port);
  const deadline = performance.now() + seconds * 1000;
  const pages: Page[] = [];
  while (pages.length === 0 || performance.now() < deadline) {
    pages.push(...(await walkOnce(connection, `${path}?n=${pageSize}`, deadline)));
  }
  const lastPosition = Math.max(...pages.map((page) => page.position));
  const medianWhere = (keep: (page: Page) => boolean): number =>
    percentile(
      pages.filter(keep).map((page) => page.latencyMs),
      50,
    );
  return {
    pages: pages.length,
    p50Ms: medianWhere(() => true),
    firstTenthMs: medianWhere((page) => page.position <= lastPosition * 0.1),
    lastTenthMs: medianWhere((page) => page.position >= lastPosition * 0.9),
  };
}

async function walkOnce(connection: HttpConnection, start: string, deadline: number): Promise<readonly Page[]> {
  const pages: Page[] = [];
  let next: string | undefined = start;
  while (next !== undefined && (pages.length === 0 || performance.now() < deadline)) {
    const askedAt = performance.now();
    const answer = await askFor(200, connection, { method: "GET", path: next });
    pages.push({ latencyMs: performance.now() - askedAt, position: pages.length });
    next = nextPage(answer.headers.get("link"));
  }
  return pages;
}

function nextPage(link: string | undefined): string | undefined {
  const url = /<([^>]+)>;\s*rel="?next"?/.exec(link ?? "")?.[1];
  return url === undefined ? undefined : pathOf(url);
}

export type ListPages = typeof listPages;

await answerLoad(listPages);
