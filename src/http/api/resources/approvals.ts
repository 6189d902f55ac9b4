import { z } from "zod";
import { isPermitted, type Viewer } from "../../../access/index.ts";
import {
  decideDeleteRequest,
  type DeleteRequest,
  findDeleteRequest,
  findRepositoryId,
  listDeleteRequests,
} from "../../../metadata/index.ts";
import { isTag, parseReference, RegistryError, type RepositoryName } from "../../../oci/index.ts";
import { deleteContent, type DeletionTask, requireDeletable, requireSameTarget } from "../../../registry/index.ts";
import { DELETION_JOB } from "../../../upkeep/index.ts";
import { type Answer, jsonAnswer } from "../../answer.ts";
import { openJob } from "../open-job.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import { type ApiCall, type ApiRoute, type ChangeCall, defineRoute } from "../route.ts";
import { deleteRequest } from "../schemas/approvals.ts";
import { idParam, listOf, numberPage, type PageQuery, timeOf } from "../schemas/words.ts";
import { type NewestPage, readNewestPage } from "./pages.ts";

const tag = "approvals";
const params = z.strictObject({ id: idParam });
const WHO = "For who may `delete` there, or `tag:delete` the tag.";

export const APPROVAL_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/approvals",
    tag,
    summary: "List the deletes that wait for a second person, the newest first",
    description: `${WHO} Auditors see all. A page may be short.`,
    permission: "signed-in",
    query: z.strictObject(numberPage),
    response: listOf(deleteRequest),
    handle: list,
  }),
  defineRoute({
    method: "POST",
    path: "/approvals/{id}/approve",
    tag,
    summary: "Approve a delete that somebody else has asked for, which is done then",
    description: `${WHO} A person, and another one than who asked for it.`,
    permission: "signed-in",
    makesNothing: true,
    params,
    response: deleteRequest,
    async handle(call) {
      const { change, parts } = call;
      await requireDeletable({ ...changeableOf(parts), options: parts.registryOptions });
      const request = await getOpen(call);
      requireSecondPerson(call, request);
      const decided = await decide(call, request, "approved");
      await change.record({ act: "approval.approve", target: request.path, detail: detailOf(request) });
      await carryOut(call, request);
      return { body: decided };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/approvals/{id}/refuse",
    tag,
    summary: "Refuse a delete, also one that one has asked for oneself",
    description: WHO,
    permission: "signed-in",
    makesNothing: true,
    params,
    response: deleteRequest,
    async handle(call) {
      const request = await getOpen(call);
      const decided = await decide(call, request, "refused");
      await call.change.record({ act: "approval.refuse", target: request.path, detail: detailOf(request) });
      return { body: decided };
    },
  }),
];

/** Of a delete that has become a request. */
export function requestAnswer(request: DeleteRequest): Answer {
  return jsonAnswer(show(request), { "Cache-Control": "no-store" }, 202);
}

type Change = ChangeCall<z.output<typeof params>, unknown, unknown, unknown>;

const detailOf = ({ id, subject, requestedBy }: DeleteRequest) => ({ request: id, subject, requestedBy });

async function list({ queries, viewer: view, parts, query }: ApiCall<unknown, PageQuery>) {
  const viewer = await view();
  const nowMs = parts.clock.nowMs();
  const read = (page: NewestPage) => listDeleteRequests(queries, { nowMs, ...page });
  const { items, next } = await readNewestPage(query, read, ({ id }) => id);
  const visible = items.filter((item) => viewer.asker.systemRole !== undefined || mayDecide(viewer, item));
  return { body: { items: visible.map(show) }, next };
}

/** As for the delete itself. */
function mayDecide(viewer: Viewer, { path, subject }: DeleteRequest): boolean {
  if (isPermitted(viewer, { path, action: "delete" })) return true;
  return isTag(subject) && isPermitted(viewer, { path, action: "tag:delete", tag: subject });
}

/** @throws RegistryError `not-found`, `conflict` */
async function getOpen({ change, params: { id } }: Change): Promise<DeleteRequest> {
  const request = await findDeleteRequest(change.queries, id);
  if (!request || !mayDecide(await change.viewer(), request))
    throw new RegistryError("not-found", `there is no request ${id} for you to decide about`);
  if (request.state !== "open") throw new RegistryError("conflict", `request ${id} was ${request.state} already`);
  if (request.expiresAtMs > change.nowMs) return request;
  throw new RegistryError("conflict", `the time of request ${id} is over: ask for the delete again`);
}

/** @throws RegistryError `denied` */
function requireSecondPerson({ caller }: Change, { requestedBy }: DeleteRequest): void {
  if (caller.account?.kind === "robot") throw new RegistryError("denied", "a person has to approve it, not a robot");
  if (caller.by.actor === undefined || requestedBy === null)
    throw new RegistryError("denied", "nobody knows who asks: sign in, and ask for the delete anew");
  if (caller.by.actor === requestedBy)
    throw new RegistryError("denied", "another person has to approve it than who has asked for it");
}

async function decide(
  { change, caller }: Change,
  { id, ...request }: DeleteRequest,
  state: "approved" | "refused",
): Promise<ReturnType<typeof show>> {
  const by = caller.by.actor ?? "";
  await decideDeleteRequest(change.queries, { id, state, by, nowMs: change.nowMs });
  return show({ id, ...request, state, decidedBy: by });
}

/** @throws RegistryError `conflict` if it is not there any more, and why it is refused */
async function carryOut(call: Change, { path, subject, target, ...request }: DeleteRequest): Promise<void> {
  const { change, parts } = call;
  const { queries } = change;
  const work = JSON.parse(request.work) as DeletionTask;
  await requireSameTarget(queries, { path, subject, work }, target);
  if (work.kind === "deletion") {
    // It may have been renamed since.
    const approved = { path, isApproved: true, askedAtMs: request.requestedAtMs };
    const input = DELETION_JOB.input.parse({ ...work.input, ...approved });
    // One that is open already would not go on as an approved one.
    await openJob(call, DELETION_JOB, { input, requestedBy: request.requestedBy ?? undefined });
    return;
  }
  const repository = path as RepositoryName;
  const repositoryId = await findRepositoryId(queries, repository);
  const { binKeepMs } = parts.registryOptions;
  const place = { repository, repositoryId: repositoryId ?? 0, binKeepMs, isApproved: true };
  const isDone =
    repositoryId !== undefined && (await deleteContent(registryChangeOf(call), place, parseReference(subject)));
  if (!isDone) throw new RegistryError("conflict", `${path} has no ${subject} any more`);
}

function show(request: DeleteRequest) {
  const { id, path, subject, requestedBy, requestedAtMs, expiresAtMs, state, decidedBy } = request;
  const times = { requestedAt: timeOf(requestedAtMs), expiresAt: timeOf(expiresAtMs) };
  return { id, path, subject, requestedBy, ...times, state, decidedBy };
}
