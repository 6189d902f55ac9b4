import type { MetadataDatabase, Queries } from "../../metadata/index.ts";

/** What goes on in the transaction of a change, before it and after it. What it throws undoes the change. */
export interface Guard {
  readonly before?: (queries: Queries) => Promise<void>;
  readonly after?: (queries: Queries) => Promise<void>;
}

/** The same database, whose first transaction is guarded: so a condition holds at the moment of the change, not a little before. */
export function guardedMetadata(metadata: MetadataDatabase, guards: readonly Guard[]): MetadataDatabase {
  if (guards.length === 0) return metadata;
  let isFirst = true;
  return {
    reads: metadata.reads,
    hot: metadata.hot,
    check: () => metadata.check(),
    close: () => metadata.close(),
    transaction(work, options) {
      if (!isFirst) return metadata.transaction(work, options);
      isFirst = false;
      return metadata.transaction(async (queries) => {
        for (const { before } of guards) await before?.(queries);
        const result = await work(queries);
        for (const { after } of guards) await after?.(queries);
        return result;
      }, options);
    },
  };
}
