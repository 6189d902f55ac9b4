import { SYSTEM_ROLES, type SystemRole } from "../../access/index.ts";
import { cancelJob, type JobRecord } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { getJob } from "./resources/jobs.ts";
import type { ApiCall, ChangeCall } from "./route.ts";

type Params = { readonly id: number };

/** Work of a kind, as those see it who ask for it by a route of its own. */
export interface OwnKind {
  /** Of the job. */
  readonly name: string;
  /** For people, such as `deletion`. */
  readonly noun: string;
}

/** Those of others are for auditors and administrators only, and do not exist else. @throws RegistryError `not-found` */
export async function getOwnJob(
  { queries, caller, params: { id } }: ApiCall<Params>,
  { name, noun }: OwnKind,
  others: readonly SystemRole[] = SYSTEM_ROLES,
): Promise<JobRecord> {
  const found = await getJob(queries, id);
  const isOwn = caller.by.actor !== undefined && found.requestedBy === caller.by.actor;
  if (found.kind === name && (isOwn || others.some((role) => role === caller.asker.systemRole))) return found;
  throw new RegistryError("not-found", `there is no ${noun} ${id} of yours`);
}

/** Ends it, for who has asked for it and administrators. @throws RegistryError `not-found`, `conflict` */
export async function cancelOwnJob(
  call: ChangeCall<Params, unknown, unknown, unknown>,
  kind: OwnKind,
): Promise<JobRecord> {
  const { change, parts } = call;
  const { id, state } = await getOwnJob(call, kind, ["administrator"]);
  const done = await cancelJob(change.queries, id, change.nowMs);
  if (!done) throw new RegistryError("conflict", `${kind.noun} ${id} has ended already: ${state}`);
  await change.record({ act: "job.cancel", target: kind.name, detail: { job: id } });
  if (done === "cancelled") parts.jobs.noteCancelled(kind.name);
  parts.jobs.lookNow();
  return getJob(change.queries, id);
}
