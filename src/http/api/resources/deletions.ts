import type { z } from "zod";
import { getNode, isPermitted, type Viewer } from "../../../access/index.ts";
import { findRepositoryId, type Queries } from "../../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../../oci/index.ts";
import {
  type DeletionVerdict,
  findApprovalRule,
  iterateRepositories,
  previewDeletion,
  requestDeletion,
  requireDeletable,
} from "../../../registry/index.ts";
import { DELETION_JOB } from "../../../upkeep/index.ts";
import { deletionAuthorityOf } from "../deletion-authority.ts";
import { openJob } from "../open-job.ts";
import { ownJobRoutes } from "../own-job.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import { requesterOf } from "../requester.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { BELOW, type DeletedPath, deletionQuery, deletionVerdict, newDeletion } from "../schemas/deletions.ts";
import { job } from "../schemas/jobs.ts";
import { listOf } from "../schemas/words.ts";
import { requestAnswer } from "./approvals.ts";
import { showJob } from "./jobs.ts";

const tag = "repositories";
const WHO = "Each repository and tag is for who may `delete` there, or `tag:delete` the tag.";

export const DELETION_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/deletions/preview",
    tag,
    summary: "List what a deletion would delete, and what would stay, and why",
    description: `${WHO} Nothing is deleted by it. A page may be short, or empty, although a next one follows.`,
    permission: "signed-in",
    query: deletionQuery,
    response: listOf(deletionVerdict),
    handle: preview,
  }),
  defineRoute({
    method: "POST",
    path: "/deletions",
    tag,
    summary: "Delete a repository, all below a namespace, or the tags that match a pattern",
    description: `${WHO} It is a job, which begins soon and tells what is refused; where a second person has to approve it, a request (202). What goes can be had back from the bin.`,
    permission: "signed-in",
    body: newDeletion,
    response: job,
    async handle(call) {
      const { change, caller, parts, body } = call;
      const { repositories, tags } = body;
      await requireDeletable({ ...changeableOf(parts), options: parts.registryOptions });
      const { queries } = change;
      await requireInReach(queries, await change.viewer(), { repositories, tags });
      const rule = await findApprovalRule(queries, repositories.path);
      const repositoryId = await findSingle(queries, repositories);
      const wanted = { ...repositories, ...(tags !== undefined && { tags }), repositoryId };
      const input = { ...wanted, requester: requesterOf(caller, change) };
      if (rule) {
        const subject = subjectOf({ repositories, tags });
        const asked = { path: repositories.path, subject, work: { kind: "deletion", input } as const };
        return requestAnswer(await requestDeletion(registryChangeOf({ change, caller }), asked, rule.withinMs));
      }
      const { path, withBelow } = repositories;
      const deed = { act: "repository.delete", target: path, detail: { withBelow, tags } } as const;
      const opened = await openJob(call, DELETION_JOB, { input, requestedBy: caller.by.actor, deed });
      return { body: showJob(opened), location: `/deletions/${opened.id}` };
    },
  }),
  ...ownJobRoutes({
    name: DELETION_JOB.name,
    noun: "deletion",
    path: "/deletions",
    tag,
    summaries: {
      show: "Show how far a deletion is, and what was refused",
      cancel: "End a deletion: what is deleted by then stays deleted",
    },
  }),
];

async function findSingle(queries: Queries, { path, withBelow }: DeletedPath): Promise<number | undefined> {
  return withBelow ? undefined : findRepositoryId(queries, path as RepositoryName);
}

async function preview({ queries, viewer: view, parts, query }: ApiCall<unknown, z.output<typeof deletionQuery>>) {
  const viewer = await view();
  const { repositories, tags, limit } = query;
  await requireInReach(queries, viewer, { repositories, tags });
  const authority = deletionAuthorityOf(viewer);
  const nowMs = parts.clock.nowMs();
  // As when it is asked for: a rule for all of it makes one request.
  const isApproved = (await findApprovalRule(queries, repositories.path)) !== undefined;
  const [from = "", lastReference = ""] = query.after.split(" ");
  const items: DeletionVerdict[] = [];
  let looked = 0;
  for await (const repository of repositoriesOf(queries, repositories, from)) {
    if (looked++ === MOST_REPOSITORIES || items.length === limit) return shown(items, `${repository} `);
    if (!authority.maySee(repository)) continue;
    const after = repository === from ? lastReference : "";
    const rest = limit - items.length;
    const { verdicts, next } = await previewDeletion(queries, {
      repository,
      tags,
      after,
      limit: rest,
      nowMs,
      authority,
      isApproved,
    });
    items.push(...verdicts);
    if (next !== undefined) return shown(items, `${repository} ${next}`);
  }
  return shown(items, undefined);
}

/** So that a page comes to its end. */
const MOST_REPOSITORIES = 200;

async function* repositoriesOf(
  queries: Queries,
  { path, withBelow }: DeletedPath,
  from: string,
): AsyncGenerator<RepositoryName, void, void> {
  if (withBelow) yield* iterateRepositories(queries, path, from);
  else yield path as RepositoryName;
}

function shown(items: readonly DeletionVerdict[], next: string | undefined) {
  const shownItems = items.map(({ tags, refusal, ...item }) => ({
    ...item,
    tags: [...tags],
    verdict: refusal === undefined ? ("goes" as const) : ("stays" as const),
    reason: refusal ?? null,
  }));
  return { body: { items: shownItems }, next };
}

interface Wanted {
  readonly repositories: DeletedPath;
  readonly tags: string | undefined;
}

/** As people read it. None of these is a tag; what is for a node and not for a repository begins with stars. */
function subjectOf({ repositories: { withBelow }, tags }: Wanted): string {
  if (tags === undefined) return withBelow ? BELOW : "all manifests";
  return withBelow ? `${BELOW} tags ${tags}` : `tags ${tags}`;
}

/** @throws RegistryError `not-found`, `denied` */
async function requireInReach(queries: Queries, viewer: Viewer, { repositories, tags }: Wanted): Promise<void> {
  const { path, withBelow } = repositories;
  if (withBelow) await getNode(queries, viewer, path);
  else await requireSeen(queries, viewer, path as RepositoryName);
  const action = tags === undefined ? "delete" : "tag:delete";
  if (isPermitted(viewer, { path, action, isAnyTagEnough: tags !== undefined })) return;
  throw new RegistryError("denied", `you may not delete in ${path}`);
}

async function requireSeen(queries: Queries, viewer: Viewer, name: RepositoryName): Promise<void> {
  const isThere = (await findRepositoryId(queries, name)) !== undefined;
  if (isThere && deletionAuthorityOf(viewer).maySee(name)) return;
  throw new RegistryError("not-found", `there is no repository ${name}: ${name}/** is all below it`);
}
