import type { z } from "zod";
import { auditLine } from "../../../events/index.ts";
import {
  type ActFilter,
  type ActRecord,
  listActs,
  type Queries,
  recordAct,
  verifyChain,
} from "../../../metadata/index.ts";
import type { Answer } from "../../answer.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { textStream } from "../text-stream.ts";
import { act, actFilter, chain } from "../schemas/audit.ts";
import { afterNumber, listOf, numberPage } from "../schemas/words.ts";
import { readNewestPage } from "./pages.ts";

const tag = "audit";
const auditor = { system: "auditor" } as const;

type Filter = z.output<typeof actFilter>;
type Act = z.input<typeof act>;

export const AUDIT_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/audit",
    tag,
    summary: "List acts, the newest first",
    description: "To read the trail is an act itself.",
    permission: auditor,
    query: actFilter.extend(numberPage),
    response: listOf(act),
    async handle(call) {
      const { limit, after, ...filter } = call.query;
      await recordReading(call, filter);
      const { items, next } = await readNewestPage(
        { limit, after },
        ({ beforeId, ...most }) => listActs(call.queries, { ...filterOf(filter), beforeSequence: beforeId, ...most }),
        ({ sequence }) => sequence,
      );
      return { body: { items: items.map((record) => JSON.parse(auditLine(record)) as Act) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/audit/export",
    tag,
    summary: "Give out acts as lines of JSON, the oldest first",
    permission: auditor,
    query: actFilter.extend({
      after: afterNumber.describe("Only acts behind this one: the last of an earlier export."),
    }),
    response: act,
    mediaType: "application/x-ndjson",
    async handle(call): Promise<Answer> {
      const { after, ...filter } = call.query;
      await recordReading(call, filter);
      const body = textStream(linesOf(call.queries, filterOf(filter), Number(after)));
      const headers = { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" };
      return { status: 200, headers, body };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/audit/verify",
    tag,
    summary: "Say whether the trail was changed",
    permission: auditor,
    response: chain,
    async handle(call) {
      const { broken = null, ...report } = await verifyChain(call.queries);
      return { body: { ...report, broken } };
    },
  }),
];

async function recordReading({ parts, caller }: ApiCall, filter: Filter): Promise<void> {
  const { metadata, clock } = parts;
  const read = { ...caller.by, atMs: clock.nowMs(), act: "audit.read", outcome: "success", detail: filter } as const;
  await metadata.transaction((queries) => recordAct(queries, read), { durable: false });
}

function filterOf({ prefix, from, to, ...filter }: Filter): ActFilter {
  return {
    ...filter,
    targetPrefix: prefix,
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
  };
}

/** How many are read at once. */
const ROWS_AT_ONCE = 1000;

async function* linesOf(queries: Queries, filter: ActFilter, after: number): AsyncGenerator<string, void, void> {
  for (let afterSequence = after; ;) {
    const found: readonly ActRecord[] = await listActs(queries, { ...filter, afterSequence, limit: ROWS_AT_ONCE });
    if (found.length > 0) yield found.map((record) => `${auditLine(record)}\n`).join("");
    const last = found.at(-1);
    if (last === undefined || found.length < ROWS_AT_ONCE) return;
    afterSequence = last.sequence;
  }
}
