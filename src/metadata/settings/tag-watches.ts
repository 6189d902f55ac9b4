import type { Queries } from "../database.ts";

/** Somebody who wants to know whether any tag of a repository changes: is made, moved, pushed again or removed. */
export interface TagWatch {
  readonly repositoryId: number;
  /** Who watches: nobody else of that name, or one would undo what the other is to hear. */
  readonly run: string;
}

/** Forgotten by then are those of who was killed. */
const LONGEST_MS = 86_400_000;

/** Begins to watch, or anew. */
export async function putTagWatch(
  queries: Queries,
  { repositoryId, run, nowMs }: TagWatch & { readonly nowMs: number },
): Promise<void> {
  await queries
    .deleteFrom("tag_watches")
    .where("since_ms", "<", nowMs - LONGEST_MS)
    .execute();
  await queries
    .insertInto("tag_watches")
    .values({ repository_id: repositoryId, run, since_ms: nowMs, is_changed: 0 })
    .onConflict((conflict) =>
      conflict.columns(["repository_id", "run"]).doUpdateSet({ since_ms: nowMs, is_changed: 0 }),
    )
    .execute();
}

/** Whether no tag has changed since. */
export async function areTagsUnchanged(queries: Queries, { repositoryId, run }: TagWatch): Promise<boolean> {
  const row = await queries
    .selectFrom("tag_watches")
    .select("is_changed")
    .where("repository_id", "=", repositoryId)
    .where("run", "=", run)
    .executeTakeFirst();
  return row?.is_changed === 0;
}

export async function removeTagWatch(queries: Queries, { repositoryId, run }: TagWatch): Promise<void> {
  await queries.deleteFrom("tag_watches").where("repository_id", "=", repositoryId).where("run", "=", run).execute();
}
