import { getNode } from "../../../access/index.ts";
import { type ListedVerdict, listVerdicts } from "../../../registry/index.ts";
import { atNode } from "../permission.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { retentionQuery, tagVerdict } from "../schemas/settings.ts";
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
];

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
