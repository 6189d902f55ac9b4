import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Metrics } from "./metrics.ts";

/** The same database, with the time of each transaction, from its start until it is durable, in the metrics. */
export function measureMetadata(
  database: MetadataDatabase,
  metrics: Pick<Metrics, "databaseOperation">,
  stopwatchMs: () => number,
): MetadataDatabase {
  const transactions = metrics.databaseOperation("transaction");
  return {
    reads: database.reads,
    hot: database.hot,
    async transaction(work, options) {
      const startedAtMs = stopwatchMs();
      try {
        return await database.transaction(work, options);
      } finally {
        transactions.observe((stopwatchMs() - startedAtMs) / 1000);
      }
    },
    check: () => database.check(),
    close: () => database.close(),
  };
}
