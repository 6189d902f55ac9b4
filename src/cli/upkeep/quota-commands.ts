import type { ApiQuotaState } from "../../http/index.ts";
import { formatBytes } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath, showNode } from "../remote/names.ts";
import type { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiQuotaState> = {
  namespace: ({ path }) => showNode(path),
  bytes: (state) => showLevel(state, "bytes", formatBytes),
  tags: (state) => showLevel(state, "tags", String),
  repositories: (state) => showLevel(state, "repositories", String),
};

function showLevel(
  { limits, uses }: ApiQuotaState,
  quantity: keyof ApiQuotaState["uses"],
  show: (amount: number) => string,
): string {
  const limit = limits[quantity];
  const used = show(uses[quantity]);
  return limit === undefined || limit === null ? used : `${used} of ${show(limit)}`;
}

/** `berth namespace quota`. */
export function addQuotaVerb(noun: Noun): void {
  noun.verb(
    "quota <namespace>",
    "list the quotas that limit a namespace, its own and those above, and what is used of them",
    async ({ client, out }, node = "") =>
      out.list(await client.list<ApiQuotaState>(at`/namespaces/${nodeInPath(node)}/quota`), COLUMNS),
  );
}
