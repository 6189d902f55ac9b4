import { z } from "zod";
import { SYSTEM_ROLES, type SystemRole } from "../../access/index.ts";
import type { JobRecord } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { endJob, getJob } from "./open-job.ts";
import { showJob } from "./resources/jobs.ts";
import { type ApiCall, type ApiRoute, type ChangeCall, defineRoute } from "./route.ts";
import { job } from "./schemas/jobs.ts";
import { idParam } from "./schemas/words.ts";

const params = z.strictObject({ id: idParam });
type Params = z.output<typeof params>;

/** Work of a kind, as those see it who ask for it by a route of its own. */
interface OwnKind {
  /** Of the job. */
  readonly name: string;
  /** For people, such as `deletion`. */
  readonly noun: string;
}

interface OwnJobRoutes extends OwnKind {
  /** What they are below, such as `/deletions`. */
  readonly path: `/${string}`;
  readonly tag: string;
  /** What the routes do, for the description. */
  readonly summaries: { readonly show: string; readonly cancel: string };
}

/** How those follow and end such a job who asked for it by a route of its own. */
export function ownJobRoutes({ path, tag, summaries, ...own }: OwnJobRoutes): readonly ApiRoute[] {
  return [
    defineRoute({
      method: "GET",
      path: `${path}/{id}`,
      tag,
      summary: summaries.show,
      description: "For who has asked for it, auditors and administrators.",
      permission: "signed-in",
      params,
      response: job,
      handle: async (call) => ({ body: showJob(await getOwnJob(call, own)) }),
    }),
    defineRoute({
      method: "POST",
      path: `${path}/{id}/cancel`,
      tag,
      summary: summaries.cancel,
      description: "For who has asked for it, and administrators.",
      permission: "signed-in",
      makesNothing: true,
      params,
      response: job,
      handle: async (call) => ({ body: showJob(await cancelOwnJob(call, own)) }),
    }),
  ];
}

/** Those of others are for auditors and administrators only, and do not exist else. @throws RegistryError `not-found` */
async function getOwnJob(
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
async function cancelOwnJob(call: ChangeCall<Params, unknown, unknown, unknown>, kind: OwnKind): Promise<JobRecord> {
  return endJob(call, await getOwnJob(call, kind, ["administrator"]), kind.noun);
}
