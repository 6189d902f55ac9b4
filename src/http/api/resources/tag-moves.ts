import type { z } from "zod";
import { isPermitted, type Viewer } from "../../../access/index.ts";
import { findRepositoryId, listTaggedManifests, type Queries, type TaggedManifest } from "../../../metadata/index.ts";
import { RegistryError, type Tag } from "../../../oci/index.ts";
import { parseRelocationPattern, requireDeletable } from "../../../registry/index.ts";
import { TAG_MOVE_JOB } from "../../../upkeep/index.ts";
import { deletionAuthorityOf } from "../deletion-authority.ts";
import { openJob } from "../open-job.ts";
import { ownJobRoutes } from "../own-job.ts";
import { planTagMove } from "../plan-tag-move.ts";
import { changeableOf } from "../registry-change.ts";
import { requesterOf } from "../requester.ts";
import { requireMayPush } from "../require-may-push.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { job } from "../schemas/jobs.ts";
import { newTagMove, plannedTagMove, tagMoveQuery } from "../schemas/tag-moves.ts";
import { listOf } from "../schemas/words.ts";
import { showJob } from "./jobs.ts";

const tag = "repositories";
const WHO = "Each tag is for who may `pull` and `tag:delete` it, and `push` in the repository that is to have it.";

export const TAG_MOVE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/tag-moves/preview",
    tag,
    summary: "List which tags would be moved, and which would stay, and why",
    description: `${WHO} Nothing is moved by it, and quotas are not looked at. A page may be short, or empty, although a next one follows.`,
    permission: "signed-in",
    query: tagMoveQuery,
    response: listOf(plannedTagMove),
    handle: preview,
  }),
  defineRoute({
    method: "POST",
    path: "/tag-moves",
    tag,
    summary: "Move a tag, or those that match a pattern, into another repository, or give a tag another name",
    description: `${WHO} It is a job, which begins soon and tells which stay, and why. What belongs to an image, and what refers to it, goes along.`,
    permission: "signed-in",
    body: newTagMove,
    response: job,
    async handle(call) {
      const { change, caller, parts, body } = call;
      await requireDeletable({ ...changeableOf(parts), options: parts.registryOptions });
      const repositoryId = await requireInReach(change.queries, await change.viewer(), body);
      const { from, ...detail } = body;
      const input = { ...body, repositoryId, requester: requesterOf(caller, change) };
      const deed = { act: "repository.tags.move", target: from, detail } as const;
      const opened = await openJob(call, TAG_MOVE_JOB, { input, requestedBy: caller.by.actor, deed });
      return { body: showJob(opened), location: `/tag-moves/${opened.id}` };
    },
  }),
  ...ownJobRoutes({
    name: TAG_MOVE_JOB.name,
    noun: "move of tags",
    path: "/tag-moves",
    tag,
    summaries: {
      show: "Show how far a move of tags is, and what was refused",
      cancel: "End a move of tags: what has its new place by then keeps it",
    },
  }),
];

type Wanted = z.output<typeof newTagMove>;

/** @returns the repository that has the tags @throws RegistryError `not-found`, `denied`, `conflict` */
async function requireInReach(queries: Queries, viewer: Viewer, { from, to, newTag }: Wanted): Promise<number> {
  const repositoryId = await findRepositoryId(queries, from);
  if (repositoryId === undefined || !deletionAuthorityOf(viewer).maySee(from))
    throw new RegistryError("not-found", `there is no repository ${from}`);
  if (!isPermitted(viewer, { path: from, action: "tag:delete", isAnyTagEnough: true }))
    throw new RegistryError("denied", `you may not delete in ${from}`);
  requireMayPush(viewer, to);
  if (from === to && newTag === undefined)
    throw new RegistryError(
      "conflict",
      "the tags are there already: say another repository, or another name for one tag",
    );
  return repositoryId;
}

const ROWS_AT_ONCE = 1000;

async function preview({ queries, viewer: view, parts, query }: ApiCall<unknown, z.output<typeof tagMoveQuery>>) {
  const viewer = await view();
  const { from, tags, after, limit } = query;
  const repositoryId = await requireInReach(queries, viewer, query);
  const authority = deletionAuthorityOf(viewer);
  const matches = parseRelocationPattern(tags);
  const rows = await listTaggedManifests(queries, repositoryId, { after, limit: ROWS_AT_ONCE });
  const wanted = rows.filter(({ tag: name }) => matches(name) && authority.maySee(from, { kind: "tag", tag: name }));
  const items: PlannedTagMove[] = [];
  const nowMs = parts.clock.nowMs();
  for (const row of wanted.slice(0, limit)) items.push(await plan(queries, viewer, { ...query, row, matches, nowMs }));
  if (wanted.length > limit) return { body: { items }, next: wanted[limit - 1]?.tag };
  return { body: { items }, next: rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.tag };
}

type PlannedTagMove = z.input<typeof plannedTagMove>;

interface Plan extends Wanted {
  readonly row: TaggedManifest;
  readonly matches: (tag: Tag) => boolean;
  readonly nowMs: number;
}

async function plan(
  queries: Queries,
  viewer: Viewer,
  { row, from, to, newTag = row.tag, matches, nowMs }: Plan,
): Promise<PlannedTagMove> {
  const relocation = { from, tag: row.tag, to, newTag };
  // They are moved in the order of their names.
  const goesBefore = (other: Tag) => other < row.tag && matches(other);
  const problem = await planTagMove(queries, viewer, { relocation, nowMs, goesBefore });
  return { from: `${from}:${row.tag}`, to: `${to}:${newTag}`, digest: row.digest, problem };
}
