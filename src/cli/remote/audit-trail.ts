import type { ActFilter, ActPage, ActRecord, AuditTrail, ChainReport } from "../../app/index.ts";
import type { ApiAct } from "../../http/index.ts";
import type { ApiClient, Query } from "./api-client.ts";

/** How many acts are handed on at once. */
const ACTS_AT_ONCE = 1000;

/** The audit trail of a registry, over its API. */
export function remoteAuditTrail(client: ApiClient): AuditTrail {
  return {
    async list({ limit, afterSequence, ...filter }) {
      if (afterSequence !== undefined) return firstOf(iterate(client, filter, afterSequence), limit);
      return (await listNewest(client, { ...filter, limit })).map(toRecord);
    },
    iterate: (filter) => iterate(client, filter, 0),
    async verify() {
      const { broken, ...report } = await client.get<ChainReport & { broken: ChainReport["broken"] | null }>(
        "/audit/verify",
      );
      return broken ? { ...report, broken } : report;
    },
  };
}

async function listNewest(client: ApiClient, { limit, ...filter }: ActPage): Promise<readonly ApiAct[]> {
  const found: ApiAct[] = [];
  for await (const page of client.pages<ApiAct>("/audit", {
    ...queryOf(filter),
    limit: Math.min(limit, ACTS_AT_ONCE),
  })) {
    found.push(...page);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

async function firstOf(pages: AsyncIterable<readonly ActRecord[]>, limit: number): Promise<readonly ActRecord[]> {
  const found: ActRecord[] = [];
  for await (const page of pages) {
    found.push(...page);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

async function* iterate(
  client: ApiClient,
  filter: ActFilter,
  after: number,
): AsyncGenerator<readonly ActRecord[], void, void> {
  let acts: ActRecord[] = [];
  for await (const line of client.lines("/audit/export", { ...queryOf(filter), after })) {
    acts.push(toRecord(JSON.parse(line) as ApiAct));
    if (acts.length < ACTS_AT_ONCE) continue;
    yield acts;
    acts = [];
  }
  yield acts;
}

function queryOf({ fromMs, toMs, targetPrefix: prefix, ...filter }: ActFilter): Query {
  return { ...filter, prefix, from: timeOf(fromMs), to: timeOf(toMs) };
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function toRecord({ time, detail, ...act }: ApiAct): ActRecord {
  const text = detail === null || detail === undefined ? null : JSON.stringify(detail);
  return { ...act, atMs: Date.parse(time), detail: text };
}
