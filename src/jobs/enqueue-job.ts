import { findOpenJob, insertJob, type Queries } from "../metadata/index.ts";
import type { JobKind } from "./job-kind.ts";

export interface JobWish<Input> {
  /** As the kind's schema gives it. */
  readonly input: Input;
  /** Who wants it; `undefined`: the registry itself. */
  readonly requestedBy?: string | undefined;
  readonly nowMs: number;
}

export interface EnqueuedJob {
  readonly id: number;
  /** `false`: one with the same key is open, and this is that one. */
  readonly isNew: boolean;
}

/** Puts a job into the queue, in the transaction of what it belongs to. It begins soon after that. */
export async function enqueueJob<Input>(
  queries: Queries,
  { name: kind, openKey: keyOf }: Pick<JobKind<Input>, "name" | "openKey">,
  { input, requestedBy, nowMs }: JobWish<Input>,
): Promise<EnqueuedJob> {
  const openKey = keyOf ? keyOf(input) : null;
  const open = openKey === null ? undefined : await findOpenJob(queries, kind, openKey);
  if (open !== undefined) return { id: open, isNew: false };
  const text = JSON.stringify(input);
  const id = await insertJob(queries, { kind, openKey, input: text, requestedBy: requestedBy ?? null, nowMs });
  return { id, isNew: true };
}
