import { z } from "zod";
import { listUsage, measureStorage, type UsageSum } from "../../../metadata/index.ts";
import type { Answer } from "../../answer.ts";
import { atNode } from "../permission.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { storageUse, usageQuery, usageSum } from "../schemas/usage.ts";
import { afterNumber, listOf, nodeParams, page, timeOf } from "../schemas/words.ts";

const tag = "usage";
const permission = atNode("settings:read");

type Query = z.output<typeof usageQuery>;

export const USAGE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/usage",
    tag,
    summary: "Say what was pulled and pushed below a namespace",
    permission,
    params: nodeParams,
    query: usageQuery.extend({ limit: page.limit, after: afterNumber }),
    response: listOf(usageSum),
    async handle(call) {
      const { limit, after, ...query } = call.query;
      const offset = Number(after);
      const found = await listUsage(call.queries, { ...queryOf(call, query), offset, limit: limit + 1 });
      const next = found.length > limit ? String(offset + limit) : undefined;
      return { body: { items: found.slice(0, limit) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/usage/export",
    tag,
    summary: "The same as lines of comma-separated values",
    permission,
    params: nodeParams,
    query: usageQuery,
    response: z.string(),
    mediaType: "text/csv",
    async handle(call): Promise<Answer> {
      const query = queryOf(call, call.query);
      const lines = [HEADING];
      for (let offset = 0; ; offset += ROWS_AT_ONCE) {
        const rows = await listUsage(call.queries, { ...query, offset, limit: ROWS_AT_ONCE });
        lines.push(...rows.map(lineOf));
        if (rows.length < ROWS_AT_ONCE) break;
        await new Promise(setImmediate);
      }
      const headers = { "Content-Type": "text/csv; charset=utf-8; header=present", "Cache-Control": "no-store" };
      return { status: 200, headers, body: new TextEncoder().encode(`${lines.join("\r\n")}\r\n`) };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/storage",
    tag,
    summary: "Say how much a namespace and all below it holds",
    permission,
    params: nodeParams,
    response: storageUse,
    async handle(call) {
      const use = await measureStorage(call.queries, call.params.path);
      return { body: { ...use, sharedBytes: use.dedupedBytes - use.uniqueBytes } };
    },
  }),
];

const ROWS_AT_ONCE = 1000;

function queryOf({ parts, params: { path } }: ApiCall<z.output<typeof nodeParams>>, { from, to, by }: Query) {
  const today = timeOf(parts.clock.nowMs()).slice(0, 10);
  const fromDay = from ?? `${today.slice(0, 8)}01`;
  return { node: path, fromDay, toDay: to ?? today, by: by as readonly ("day" | "repository" | "principal")[] };
}

const COLUMNS = ["day", "repository", "principal", "pulls", "pushes", "receivedBytes", "sentBytes"] as const;
const HEADING = COLUMNS.join(",");

function lineOf(row: UsageSum): string {
  return COLUMNS.map((name) => cellOf(row[name])).join(",");
}

/** In quotes where need be; a spreadsheet must not take a name for a formula. */
function cellOf(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
