import { z } from "zod";
import { getNode, isPermitted, type Viewer } from "../../../access/index.ts";
import {
  findRepositoryId,
  findRepositoryMove,
  listRepositoryMoves,
  type RepositoryMove,
} from "../../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../../oci/index.ts";
import { endRedirect, iterateRepositories, requireWritable } from "../../../registry/index.ts";
import { moveByRules, planMove, type PlannedMove, requireApart, requirePossible } from "../plan-move.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { moved, moveQuery, newMove, plannedMove, redirect } from "../schemas/moves.ts";
import { repositoryParam } from "../schemas/tags.ts";
import { listOf, type PageQuery, pageQuery, timeOf, timeOrNull } from "../schemas/words.ts";

const tag = "repositories";
const WHO = "For who may `delete` in the repository and `push` under the new name.";

export const MOVE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/moves/preview",
    tag,
    summary: "Say what would become of a repository, or of all below a namespace, under another name",
    description: `${WHO} Nothing is moved by it.`,
    permission: "signed-in",
    query: moveQuery,
    response: listOf(plannedMove),
    handle: preview,
  }),
  defineRoute({
    method: "POST",
    path: "/moves",
    tag,
    summary: "Give a repository another name",
    description:
      `${WHO} Refused (409) if there is one of that name, or if more would be let in or other settings would hold, unless that is ` +
      "accepted. What namespaces say stays with them.",
    permission: "signed-in",
    body: newMove,
    response: moved,
    makesNothing: true,
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const { change, body } = call;
      const pair = pairOf(body);
      const { redirectDays, acceptChanges } = body;
      const wanted = { ...pair, redirectDays, acceptChanges };
      const { changes, redirectUntilMs } = await moveByRules(registryChangeOf(call), await change.viewer(), wanted);
      return { body: { ...pair, redirectUntil: timeOrNull(redirectUntilMs), changes: [...changes] } };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/redirects",
    tag,
    summary: "List the old names that lead to repositories which the caller may pull from",
    permission: "signed-in",
    query: pageQuery,
    response: listOf(redirect),
    handle: listRedirects,
  }),
  defineRoute({
    method: "DELETE",
    path: "/redirects/{name}",
    tag,
    summary: "Let an old name lead nowhere, so that it is free",
    description: "For who may `delete` in the repository that it leads to, or in one of the old name.",
    permission: "signed-in",
    params: z.strictObject({ name: repositoryParam }),
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const { change, params } = call;
      const viewer = await change.viewer();
      const move = await findRepositoryMove(change.queries, params.name, change.nowMs);
      const isTheirs = [params.name, move?.to ?? ""].some((path) => isPermitted(viewer, { path, action: "delete" }));
      if (!move || (!isTheirs && !maySee(viewer, move.to)))
        throw new RegistryError("not-found", `${params.name} leads nowhere`);
      if (!isTheirs) throw new RegistryError("denied", `you may not delete in ${move.to}`);
      await endRedirect(registryChangeOf(call), params.name);
      return { body: undefined };
    },
  }),
];

function pairOf({ from, to }: { readonly from: string; readonly to: string }) {
  return { from: from as RepositoryName, to: to as RepositoryName };
}

function maySee(viewer: Viewer, path: string): boolean {
  return isPermitted(viewer, { path, action: "pull", isAnyTagEnough: true });
}

async function preview({ queries, viewer: view, query }: ApiCall<unknown, z.output<typeof moveQuery>>) {
  const viewer = await view();
  const { from, to, below, after, limit } = query;
  if (!below) {
    await requirePossible(queries, viewer, pairOf(query));
    return { body: { items: [await planMove(queries, viewer, pairOf(query))] } };
  }
  requireApart(from, to);
  await getNode(queries, viewer, from);
  const items: PlannedMove[] = [];
  for await (const name of iterateRepositories(queries, from, after)) {
    if (items.length === limit) return { body: { items }, next: name };
    if (!maySee(viewer, name) || (await findRepositoryId(queries, name)) === undefined) continue;
    items.push(await planMove(queries, viewer, pairOf({ from: name, to: `${to}${name.slice(from.length)}` })));
  }
  return { body: { items } };
}

async function listRedirects({ queries, viewer: view, parts, query }: ApiCall<unknown, PageQuery>) {
  const viewer = await view();
  const rows = await listRepositoryMoves(queries, parts.clock.nowMs(), query);
  const items = rows.filter(({ to }) => maySee(viewer, to)).map((row) => show(row, viewer));
  return { body: { items }, next: rows.length < query.limit ? undefined : rows.at(-1)?.from };
}

function show({ from, to, movedAtMs, servesUntilMs, actor }: RepositoryMove, { asker }: Viewer) {
  const shownActor = asker.systemRole === undefined ? null : actor;
  return { from, to, movedAt: timeOf(movedAtMs), until: timeOf(servesUntilMs), actor: shownActor };
}
