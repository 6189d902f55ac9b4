import { getNode, requireMay } from "../../../access/index.ts";
import { requireWritable } from "../../../registry/index.ts";
import { RENAMING_JOB } from "../../../upkeep/index.ts";
import { openJob } from "../open-job.ts";
import { ownJobRoutes } from "../own-job.ts";
import { requireApart } from "../plan-move.ts";
import { changeableOf } from "../registry-change.ts";
import { requesterOf } from "../requester.ts";
import { requireMayPush } from "../require-may-push.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { job } from "../schemas/jobs.ts";
import { newRename } from "../schemas/moves.ts";
import { showJob } from "./jobs.ts";

const tag = "repositories";

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
    async handle(call) {
      const { change, caller, parts, body } = call;
      await requireWritable(changeableOf(parts));
      const { from, to } = body;
      requireApart(from, to);
      const viewer = await change.viewer();
      await getNode(change.queries, viewer, from);
      requireMay(viewer, "delete", from);
      requireMayPush(viewer, to);
      const input = { ...body, requester: requesterOf(caller, change) };
      const deed = { act: "repository.move", target: from, detail: { to, withBelow: true } } as const;
      const opened = await openJob(call, RENAMING_JOB, { input, requestedBy: caller.by.actor, deed });
      return { body: showJob(opened), location: `/renames/${opened.id}` };
    },
  }),
  ...ownJobRoutes({
    name: RENAMING_JOB.name,
    noun: "renaming",
    path: "/renames",
    tag,
    summaries: {
      show: "Show how far a renaming of many is, and what was refused",
      cancel: "End a renaming of many: what has its new name by then keeps it",
    },
  }),
];
