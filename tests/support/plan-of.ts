import { createQueryId, type RootOperationNode } from "kysely";
import type { MetadataDatabase, Queries } from "../../src/metadata/index.ts";

/** How the database finds what the first query asks for, of each of its parts. */
export async function planOf(
  metadata: MetadataDatabase,
  ask: (queries: Queries) => Promise<unknown>,
): Promise<readonly string[]> {
  const nodes: RootOperationNode[] = [];
  const noting = metadata.reads.withPlugin({
    transformQuery({ node }) {
      nodes.push(node);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  const rowsOf = () => Promise.reject(new Error("a query that stays compiled passes no plugin"));
  await ask(Object.assign(noting, { rowsOf }));
  const [node] = nodes;
  if (!node) throw new Error("nothing was asked");
  const compiled = metadata.reads.getExecutor().compileQuery(node, createQueryId());
  const explain = { ...compiled, sql: `explain query plan ${compiled.sql}` };
  const { rows } = await metadata.reads.executeQuery<{ readonly detail: string }>(explain);
  return rows.map(({ detail }) => detail);
}
