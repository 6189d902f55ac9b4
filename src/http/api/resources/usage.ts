import { z } from "zod";
import { measureNode } from "../../../upkeep/index.ts";
import {
  listStored,
  listUsage,
  type StoredSum,
  USAGE_DIMENSIONS,
  type UsageDimension,
  type UsageSum,
} from "../../../metadata/index.ts";
import type { Answer } from "../../answer.ts";
import { csvAnswer } from "../csv.ts";
import { atNode } from "../permission.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { storageUse, storedPlace, storedQuery, storedSum, usagePlace, usageQuery, usageSum } from "../schemas/usage.ts";
import { listOf, nodeParams, page, timeOf } from "../schemas/words.ts";
import { pageOf } from "./pages.ts";

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
    query: usageQuery.extend({ limit: page.limit, after: usagePlace }),
    response: listOf(usageSum),
    async handle(call) {
      const { limit, after, ...query } = call.query;
      const found = await listUsage(call.queries, { ...queryOf(call, query), after, limit: limit + 1 });
      const { items, next } = pageOf(found, limit, placeOf);
      return { body: { items: [...items] }, next };
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
    handle(call): Promise<Answer> {
      const query = queryOf(call, call.query);
      const read = (after: UsageSum | undefined, limit: number) => listUsage(call.queries, { ...query, after, limit });
      return Promise.resolve(csvAnswer(COLUMNS, read, (row) => row));
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
      const use = await measureNode(call.queries, call.params.path, call.parts);
      return { body: { ...use, sharedBytes: use.dedupedBytes - use.uniqueBytes } };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/byte-hours",
    tag,
    summary: "Say how much was held for how long by a namespace, and by those below it that are measured",
    description:
      "Measured are the namespaces at the top, those with a quota, and the root, each with all below it: they are not to be added up. " +
      "It is done by the job `usage`, each hour unless configured otherwise, and what it finds counts until it looks again.",
    permission,
    params: nodeParams,
    query: storedQuery.extend({ limit: page.limit, after: storedPlace }),
    response: listOf(storedSum),
    async handle(call) {
      const { limit, after } = call.query;
      const found = await listStored(call.queries, { ...storedQueryOf(call), after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return { body: { items: items.map(showStored) }, next: last && `${last.node} ${last.period}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/byte-hours/export",
    tag,
    summary: "The same as lines of comma-separated values",
    permission,
    params: nodeParams,
    query: storedQuery,
    response: z.string(),
    mediaType: "text/csv",
    handle(call): Promise<Answer> {
      const query = storedQueryOf(call);
      const read = (after: StoredSum | undefined, limit: number) =>
        listStored(call.queries, { ...query, after, limit });
      return Promise.resolve(csvAnswer(STORED_COLUMNS, read, showStored));
    },
  }),
];

function placeOf(row: UsageSum): string {
  return USAGE_DIMENSIONS.map((name) => row[name] ?? "").join(" ");
}

type StoredCall = ApiCall<z.output<typeof nodeParams>, z.output<typeof storedQuery>>;

function storedQueryOf({ parts, params: { path }, query: { from, to, per } }: StoredCall) {
  return { node: path, per, ...daysOf(parts, from, to) };
}

/** A byte-hour more or less is nothing. */
function showStored({ node: namespace, period, hours, storedByteHours, dedupedByteHours, uniqueByteHours }: StoredSum) {
  const [stored, deduped, unique] = [storedByteHours, dedupedByteHours, uniqueByteHours].map(Math.round);
  return {
    namespace,
    period,
    hours: Math.round(hours * 1000) / 1000,
    storedByteHours: stored ?? 0,
    dedupedByteHours: deduped ?? 0,
    uniqueByteHours: unique ?? 0,
  };
}

const STORED_COLUMNS = [
  "namespace",
  "period",
  "hours",
  "storedByteHours",
  "dedupedByteHours",
  "uniqueByteHours",
] as const;

function queryOf({ parts, params: { path } }: ApiCall<z.output<typeof nodeParams>>, { from, to, by }: Query) {
  return { node: path, ...daysOf(parts, from, to), by: by as readonly UsageDimension[] };
}

/** This month so far, unless it is said. */
function daysOf({ clock }: ApiCall["parts"], from: string | undefined, to: string | undefined) {
  const today = timeOf(clock.nowMs()).slice(0, 10);
  return { fromDay: from ?? `${today.slice(0, 8)}01`, toDay: to ?? today };
}

const COLUMNS = [...USAGE_DIMENSIONS, "pulls", "pushes", "receivedBytes", "sentBytes", "cutBytes"] as const;
