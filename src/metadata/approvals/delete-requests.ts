import type { Selectable } from "kysely";
import type { Queries } from "../database.ts";
import type { Schema } from "../schema.ts";

/** A delete that waits for a second person, or had one. */
export interface DeleteRequest {
  readonly id: number;
  /** A repository, or a node. */
  readonly path: string;
  /** What of it: a tag, a digest, or a pattern. */
  readonly subject: string;
  /** What had that name when it was asked for; empty where it may be anything. */
  readonly target: string;
  /** What is done when it is approved; JSON. */
  readonly work: string;
  readonly requestedBy: string | null;
  readonly requestedAtMs: number;
  /** Exclusive. */
  readonly expiresAtMs: number;
  readonly state: "open" | "approved" | "refused";
  readonly decidedBy: string | null;
  readonly decidedAtMs: number | null;
}

export type NewDeleteRequest = Pick<
  DeleteRequest,
  "path" | "subject" | "target" | "work" | "requestedBy" | "requestedAtMs" | "expiresAtMs"
>;

/**
 * Opens a request, unless there is an open one of the same. What nobody decided about in its time goes, and so does a request of what had the
 * name before.
 * @param most of one person
 * @returns `undefined`: so many of theirs are open already; `isNew`: there was none of the same
 */
export async function openDeleteRequest(
  queries: Queries,
  request: NewDeleteRequest,
  most: number,
): Promise<{ readonly request: DeleteRequest; readonly isNew: boolean } | undefined> {
  const { path, subject, target, requestedBy, requestedAtMs } = request;
  await queries
    .deleteFrom("delete_requests")
    .where("state", "=", "open")
    .where((one) => {
      const isOfOther = one.and([one("path", "=", path), one("subject", "=", subject), one("target", "<>", target)]);
      return one.or([one("expires_at_ms", "<=", requestedAtMs), isOfOther]);
    })
    .execute();
  const open = await queries
    .selectFrom("delete_requests")
    .selectAll()
    .where("path", "=", path)
    .where("subject", "=", subject)
    .where("state", "=", "open")
    .executeTakeFirst();
  if (open) return { request: toRequest(open), isNew: false };
  if ((await countOpen(queries, requestedBy)) >= most) return undefined;
  const row = await queries
    .insertInto("delete_requests")
    .values({
      path,
      subject,
      target,
      work: request.work,
      requested_by: requestedBy,
      requested_at_ms: requestedAtMs,
      expires_at_ms: request.expiresAtMs,
      state: "open",
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { request: toRequest(row), isNew: true };
}

async function countOpen(queries: Queries, requestedBy: string | null): Promise<number> {
  const { count } = await queries
    .selectFrom("delete_requests")
    .select((all) => all.fn.countAll<number>().as("count"))
    .where("state", "=", "open")
    .where("requested_by", "is", requestedBy)
    .executeTakeFirstOrThrow();
  return count;
}

export async function findDeleteRequest(queries: Queries, id: number): Promise<DeleteRequest | undefined> {
  const row = await queries.selectFrom("delete_requests").selectAll().where("id", "=", id).executeTakeFirst();
  return row && toRequest(row);
}

/** Those that somebody can decide about, the newest first. */
export async function listDeleteRequests(
  queries: Queries,
  {
    nowMs,
    beforeId,
    limit,
  }: { readonly nowMs: number; readonly beforeId?: number | undefined; readonly limit: number },
): Promise<readonly DeleteRequest[]> {
  const rows = await queries
    .selectFrom("delete_requests")
    .selectAll()
    .where("state", "=", "open")
    .where("expires_at_ms", ">", nowMs)
    .$if(beforeId !== undefined, (all) => all.where("id", "<", beforeId ?? 0))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(toRequest);
}

/** Puts down how an open request was decided. */
export async function decideDeleteRequest(
  queries: Queries,
  { id, state, by, nowMs }: Pick<DeleteRequest, "id" | "state"> & { readonly by: string; readonly nowMs: number },
): Promise<void> {
  await queries
    .updateTable("delete_requests")
    .set({ state, decided_by: by, decided_at_ms: nowMs })
    .where("id", "=", id)
    .execute();
}

function toRequest(row: Selectable<Schema["delete_requests"]>): DeleteRequest {
  return {
    id: row.id,
    path: row.path,
    subject: row.subject,
    target: row.target,
    work: row.work,
    requestedBy: row.requested_by,
    requestedAtMs: row.requested_at_ms,
    expiresAtMs: row.expires_at_ms,
    state: row.state,
    decidedBy: row.decided_by,
    decidedAtMs: row.decided_at_ms,
  };
}
