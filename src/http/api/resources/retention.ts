import { getNode } from "../../../access/index.ts";
import { RegistryError } from "../../../oci/index.ts";
import {
  type ListedExpiry,
  type ListedVerdict,
  listSimulated,
  listVerdicts,
  parseAge,
} from "../../../registry/index.ts";
import { atNode } from "../permission.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { retentionQuery, simulatedExpiry, simulationQuery, tagVerdict } from "../schemas/settings.ts";
import { listOf, nodeParams, timeOf, timeOrNull } from "../schemas/words.ts";

export const RETENTION_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/retention",
    tag: "namespaces",
    summary: "Say what retention keeps and removes of the tags of a namespace, and why",
    description: "Nothing is removed by it. A page may be short, or empty, although a next one follows.",
    permission: atNode("settings:read"),
    params: nodeParams,
    query: retentionQuery,
    response: listOf(tagVerdict),
    async handle({ queries, viewer, parts, params: { path }, query }) {
      const { verdict, rules, ...page } = query;
      await getNode(queries, await viewer(), path);
      const { items, next } = await listVerdicts(queries, {
        ...page,
        node: path,
        nowMs: parts.clock.nowMs(),
        rules: rules && { value: rules, node: path },
        isWanted: ({ isKept }) => verdict === undefined || isKept === (verdict === "kept"),
      });
      return { body: { items: items.map(show) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/retention/simulation",
    tag: "namespaces",
    summary: "Say which tags retention would have removed in the past, and which of them were needed since",
    description:
      "The tags are as their history says, the rest is as it is now: settings, what clusters run, what is kept. In each repository " +
      "those that were needed come first. Of pulls only the last of each tag is known, and none of a tag that is gone. A page may " +
      "be short, or empty, although a next one follows.",
    permission: atNode("settings:read"),
    params: nodeParams,
    query: simulationQuery,
    response: listOf(simulatedExpiry),
    async handle({ queries, viewer, parts, params: { path }, query }) {
      const { rules, since, every, ...page } = query;
      const nowMs = parts.clock.nowMs();
      const sinceMs = since === undefined ? nowMs - USUAL_MS : Date.parse(since);
      const everyMs = requireTimes({ nowMs, sinceMs, everyMs: parseAge(every) });
      await getNode(queries, await viewer(), path);
      const said = rules && { value: rules, node: path };
      const { items, next } = await listSimulated(queries, {
        ...page,
        node: path,
        nowMs,
        sinceMs,
        everyMs,
        rules: said,
      });
      return { body: { items: items.map(showExpiry) }, next };
    },
  }),
];

const USUAL_MS = 30 * 86_400_000;
/** Each is a judgement of all tags. */
const MOST_TIMES = 400;

/** @throws RegistryError `bad-request` */
function requireTimes({ nowMs, sinceMs, everyMs }: Record<"nowMs" | "sinceMs" | "everyMs", number>): number {
  if (sinceMs > nowMs) throw new RegistryError("bad-request", "since is a time that has not come yet");
  if (everyMs > 0 && (nowMs - sinceMs) / everyMs < MOST_TIMES) return everyMs;
  throw new RegistryError("bad-request", `rules are applied ${MOST_TIMES} times at most: say a longer every`);
}

function showExpiry({ pushedAtMs, goneAtMs, backAtMs, detail, ...rest }: ListedExpiry) {
  const times = { pushedAt: timeOf(pushedAtMs), goneAt: timeOf(goneAtMs), backAt: timeOrNull(backAtMs) };
  return { ...rest, ...times, detail: detail ?? null };
}

function show({ repository, tag, digest, pushedAtMs, expiresAtMs, usedAtMs, isKept, reason }: ListedVerdict) {
  return {
    repository,
    tag,
    digest,
    pushedAt: timeOf(pushedAtMs),
    expiresAt: timeOrNull(expiresAtMs),
    usedAt: timeOrNull(usedAtMs),
    verdict: isKept ? ("kept" as const) : ("goes" as const),
    reason,
  };
}
