import { z } from "zod";
import { getNode, isPermitted, requireMay } from "../../../access/index.ts";
import { enqueueJob } from "../../../jobs/index.ts";
import { RegistryError } from "../../../oci/index.ts";
import { requireWritable } from "../../../registry/index.ts";
import { RENAMING_JOB } from "../../../upkeep/index.ts";
import { cancelOwnJob, getOwnJob } from "../own-job.ts";
import { requireApart } from "../plan-move.ts";
import { changeableOf } from "../registry-change.ts";
import { requesterOf } from "../requester.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { job } from "../schemas/jobs.ts";
import { newRename } from "../schemas/moves.ts";
import { idParam } from "../schemas/words.ts";
import { alreadyOpen, getJob, showJob } from "./jobs.ts";

const tag = "repositories";
const params = z.strictObject({ id: idParam });
const OWN = { name: RENAMING_JOB.name, noun: "renaming" } as const;

export const RENAME_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "POST",
    path: "/renames",
    tag,
    summary: "Give all repositories below a namespace other names",
    description:
      "For who may `delete` at the namespace and `push` at the new one. It is a job, which begins soon, moves each repository as `POST /moves` " +
      "does, by what who asks may do then, and tells which stay, and why.",
    permission: "signed-in",
    body: newRename,
    response: job,
    async handle({ change, caller, parts, body }) {
      await requireWritable(changeableOf(parts));
      const { queries, nowMs } = change;
      const { from, to } = body;
      requireApart(from, to);
      const viewer = await change.viewer();
      await getNode(queries, viewer, from);
      requireMay(viewer, "delete", from);
      if (!isPermitted(viewer, { path: to, action: "push" }))
        throw new RegistryError("denied", `push on ${to} is not permitted to you`);
      const wish = { input: { ...body, requester: requesterOf(caller, change) }, requestedBy: caller.by.actor, nowMs };
      const { id, isNew } = await enqueueJob(queries, RENAMING_JOB, wish);
      const found = await getJob(queries, id);
      if (!isNew) throw alreadyOpen(found);
      await change.record({ act: "repository.move", target: from, detail: { job: id, to, withBelow: true } });
      parts.jobs.lookNow();
      return { body: showJob(found), location: `/renames/${id}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/renames/{id}",
    tag,
    summary: "Show how far a renaming of many is, and what was refused",
    description: "For who has asked for it, auditors and administrators.",
    permission: "signed-in",
    params,
    response: job,
    handle: async (call) => ({ body: showJob(await getOwnJob(call, OWN)) }),
  }),
  defineRoute({
    method: "POST",
    path: "/renames/{id}/cancel",
    tag,
    summary: "End a renaming of many: what has its new name by then keeps it",
    description: "For who has asked for it, and administrators.",
    permission: "signed-in",
    makesNothing: true,
    params,
    response: job,
    handle: async (call) => ({ body: showJob(await cancelOwnJob(call, OWN)) }),
  }),
];
