import type { Queries } from "../database.ts";

/** What an image says of itself that keeps its tags. */
export interface KeepMark {
  /** Of an annotation or a label. */
  readonly name: string;
  readonly value: string;
}

/** Puts on record what a manifest says, or a label of its image, by the names that hold when it is pushed; the latest stands. */
export async function putManifestMark(queries: Queries, manifestId: number, { name, value }: KeepMark): Promise<void> {
  await queries
    .insertInto("manifest_marks")
    .values({ manifest_id: manifestId, name, value })
    .onConflict((conflict) => conflict.doUpdateSet({ name, value }))
    .execute();
}
