import { z } from "zod";
import { requireMayLetGo } from "../../../access/index.ts";
import { findKeep, type Keep, listKeeps } from "../../../metadata/index.ts";
import { referenceText, type RepositoryName } from "../../../oci/index.ts";
import { getKeep, keepContent, type KeptContent, requireWritable, unkeepContent } from "../../../registry/index.ts";
import { type RepositoryCall, requireRepository } from "../require-repository.ts";
import { type ApiCall, type ApiRoute, type ChangeCall, defineRoute } from "../route.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import { keep, keepWish, referenceParam } from "../schemas/keeps.ts";
import { repositoryParam } from "../schemas/tags.ts";
import { listOf, msOrNull, pageQuery, timeOf, timeOrNull } from "../schemas/words.ts";
import { pageOf } from "./pages.ts";

const repositoryParams = z.strictObject({ name: repositoryParam });
const params = z.strictObject({ name: repositoryParam, reference: referenceParam });
type Params = z.output<typeof params>;
const tag = "repositories";

const nameOf = ({ name }: { readonly name: RepositoryName }) => name;
const reading = { node: nameOf, action: "settings:read" } as const;
const writing = { node: nameOf, action: "settings:write" } as const;

const ENDS = "Where a second person has to approve deletes, only who may lift that keeps it no more, or for less long.";

export const KEEP_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/repositories/{name}/keeps",
    tag,
    summary: "List the tags and manifests that somebody wants to stay",
    description: "Also those whose time is over. Tags that a pattern of `kept-tags` keeps are not among them.",
    permission: reading,
    params: repositoryParams,
    query: pageQuery,
    response: listOf(keep),
    async handle(call) {
      const {
        queries,
        params: { name },
        query,
      } = call;
      const repositoryId = await requireRepository(call, name);
      const { limit, after } = query;
      const found = await listKeeps(queries, repositoryId, { after, limit: limit + 1 });
      const { items, next } = pageOf(found, limit, ({ reference }) => reference);
      return { body: { items: items.map(show) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/repositories/{name}/keeps/{reference}",
    tag,
    summary: "Show why a tag or a manifest is to stay",
    permission: reading,
    params,
    response: keep,
    current: showKeep,
    handle: async (call) => ({ body: await showKeep(call) }),
  }),
  defineRoute({
    method: "PUT",
    path: "/repositories/{name}/keeps/{reference}",
    tag,
    summary: "Keep a tag from retention, or a manifest with all its tags",
    description: `A tag is kept wherever it points, a manifest from clean-up, too. Deletes are not refused. ${ENDS}`,
    permission: writing,
    params,
    body: keepWish,
    response: keep,
    current: showKeep,
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const { reason, until } = call.body;
      const wish = { ...(await placeOf(call)), reason, untilMs: msOrNull(until) };
      await requireMayEnd(call, wish, wish.untilMs);
      return { body: show(await keepContent(registryChangeOf(call), wish)) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/repositories/{name}/keeps/{reference}",
    tag,
    summary: "Keep a tag or a manifest no more",
    description: ENDS,
    permission: writing,
    params,
    current: showKeep,
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const place = await placeOf(call);
      await requireMayEnd(call, place, call.change.nowMs);
      await unkeepContent(registryChangeOf(call), place);
      return { body: undefined };
    },
  }),
];

type KeepChange = ChangeCall<Params, unknown, unknown, unknown>;

/**
 * Whether who asks may let what is kept go by itself earlier than it is said now.
 * @param untilMs until when it is kept then; `null`: for good
 * @throws RegistryError `denied`
 */
async function requireMayEnd({ change }: KeepChange, place: KeptContent, untilMs: number | null) {
  const { queries, nowMs } = change;
  const reference = referenceText(place.reference);
  const keep = await findKeep(queries, place.repositoryId, reference);
  if (!keep || endOf(keep.untilMs) <= Math.max(nowMs, endOf(untilMs))) return;
  await requireMayLetGo(queries, await change.viewer(), {
    path: place.repository,
    what: `how long to keep ${reference}`,
  });
}

const endOf = (untilMs: number | null) => untilMs ?? Infinity;

type Placed = RepositoryCall & Pick<ApiCall<Params>, "params">;

async function showKeep(call: Placed) {
  return show(await getKeep(call.queries, await placeOf(call)));
}

async function placeOf(call: Placed): Promise<KeptContent> {
  const { name, reference } = call.params;
  return { repository: name, repositoryId: await requireRepository(call, name), reference };
}

function show({ reference, reason, untilMs, actor: by, atMs }: Keep) {
  return { reference, reason, until: timeOrNull(untilMs), by, time: timeOf(atMs) };
}
