import { getNode } from "../../../access/index.ts";
import { findQuotas, nodesUpFrom } from "../../../metadata/index.ts";
import type { Quota } from "../../../registry/index.ts";
import { atNode } from "../permission.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { quotaState } from "../schemas/quotas.ts";
import { listOf, nodeParams } from "../schemas/words.ts";

export const QUOTA_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/quota",
    tag: "namespaces",
    summary: "List the quotas that limit a namespace, its own and those above, each with what is used of it",
    permission: atNode("settings:read"),
    params: nodeParams,
    response: listOf(quotaState),
    async handle({ queries, viewer, params: { path } }) {
      await getNode(queries, await viewer(), path);
      const found = await findQuotas(queries, [...nodesUpFrom(path)]);
      return {
        body: { items: found.map(({ path: node, uses, value }) => ({ path: node, limits: value as Quota, uses })) },
      };
    },
  }),
];
