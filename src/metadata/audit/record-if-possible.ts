import type { MetadataDatabase, Queries } from "../database.ts";
import { isUnwritable, type MetadataError } from "../metadata-error.ts";
import { type Act, recordAct } from "./record-act.ts";

/** Told of an act that is missing in the audit trail, because the database takes no more. */
export type ReportUnrecorded = (act: Act, error: MetadataError) => void;

export interface RecordParts {
  readonly metadata: Pick<MetadataDatabase, "transaction">;
  readonly reportUnrecorded: ReportUnrecorded;
}

/**
 * Puts an act on record of which nothing else depends: on a full disk, or one that may not be written, nobody is refused for it.
 * @param before what is written with it
 * @throws MetadataError if the database fails in another way
 */
export async function recordIfPossible(
  { metadata, reportUnrecorded }: RecordParts,
  act: Act,
  before?: (queries: Queries) => Promise<void>,
): Promise<void> {
  try {
    await metadata.transaction(
      async (queries) => {
        await before?.(queries);
        await recordAct(queries, act);
      },
      { durable: false },
    );
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    reportUnrecorded(act, error);
  }
}
