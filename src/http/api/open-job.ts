import type { Deed } from "../../access/index.ts";
import { enqueueJob, type JobKind } from "../../jobs/index.ts";
import { cancelJob, findJob, type JobRecord, type Queries } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { ChangeCall } from "./route.ts";

type JobChange = Pick<ChangeCall<unknown, unknown, unknown, unknown>, "change" | "parts">;

interface JobToOpen<Input> {
  readonly input: Input;
  readonly requestedBy: string | undefined;
  /** What is put on record, with the job's number; absent: nothing more. */
  readonly deed?: Deed;
}

/** Puts a job into the queue; it begins soon. @throws RegistryError `conflict`: one like it is open */
export async function openJob<Input>(
  { change, parts }: JobChange,
  kind: JobKind<Input>,
  { input, requestedBy, deed }: JobToOpen<Input>,
): Promise<JobRecord> {
  const { queries, nowMs } = change;
  const { id, isNew } = await enqueueJob(queries, kind, { input, requestedBy, nowMs });
  const found = await getJob(queries, id);
  if (!isNew) throw alreadyOpen(found);
  if (deed) await change.record({ ...deed, detail: { job: id, ...deed.detail } });
  parts.jobs.lookNow();
  return found;
}

function alreadyOpen({ id, kind, state }: JobRecord): RegistryError {
  const is = state === "running" ? "runs" : "waits";
  return new RegistryError("conflict", `job ${id} of the kind ${kind} ${is} already: wait for it, or cancel it`, {
    detail: { job: id },
  });
}

/**
 * Ends a job at once if it waits, soon if it runs.
 * @param name what it is called, such as `job`
 * @throws RegistryError `conflict`: it has ended already
 */
export async function endJob(
  { change, parts }: JobChange,
  { id, kind, state }: JobRecord,
  name: string,
): Promise<JobRecord> {
  const done = await cancelJob(change.queries, id, change.nowMs);
  if (!done) throw new RegistryError("conflict", `${name} ${id} has ended already: ${state}`);
  await change.record({ act: "job.cancel", target: kind, detail: { job: id } });
  if (done === "cancelled") parts.jobs.noteCancelled(kind);
  parts.jobs.lookNow();
  return getJob(change.queries, id);
}

/** @throws RegistryError `not-found` */
export async function getJob(queries: Queries, id: number): Promise<JobRecord> {
  const found = await findJob(queries, id);
  if (!found) throw new RegistryError("not-found", `there is no job ${id}, or it was long ago`);
  return found;
}
