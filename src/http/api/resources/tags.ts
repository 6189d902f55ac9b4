import { z } from "zod";
import { isPermitted } from "../../../access/index.ts";
import {
  findManifestFacts,
  findTag,
  listTagChanges,
  listTagTargets,
  type Queries,
  type TagChangeRecord,
} from "../../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName, type Tag } from "../../../oci/index.ts";
import { findTagState, requireWritable, rollBackTag, type RollBackTarget } from "../../../registry/index.ts";
import { type RepositoryCall, requireRepository } from "../require-repository.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import {
  listedTag,
  repositoryParam,
  rollBack,
  tag as shownTag,
  tagChange,
  tagParam,
  tagQuery,
} from "../schemas/tags.ts";
import { listOf, numberPage, type PageQuery, pageQuery, timeOf } from "../schemas/words.ts";
import { type NewestPage, readNewestPage, readPage } from "./pages.ts";

const repositoryParams = z.strictObject({ name: repositoryParam });
const params = z.strictObject({ name: repositoryParam, tag: tagParam });
type Params = z.output<typeof params>;
const tag = "repositories";

const nameOf = ({ name }: { readonly name: RepositoryName }) => name;
const mayPull = { node: nameOf, tags: (of: Params) => ({ tag: of.tag }), action: "pull" } as const;
/** As in the registry API. */
const mayPullSome = { node: nameOf, tags: () => ({ isAnyTagEnough: true }), action: "pull" } as const;

export const TAG_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/repositories/{name}/tags",
    tag,
    summary: "List the tags of a repository that the caller may pull, with what they point at and how they are used",
    permission: mayPullSome,
    params: repositoryParams,
    query: pageQuery,
    response: listOf(listedTag),
    async handle(call) {
      const {
        queries,
        caller,
        params: { name },
        query,
      } = call;
      const repositoryId = await requireRepository(call, name);
      const { items, next } = await readPage(query, (wanted) => listTagTargets(queries, repositoryId, wanted));
      const visible = items.filter((item) => caller.may("pull", name, { tag: item.name }));
      const shown = visible.map(({ updatedAtMs, lastPulledAtMs, sizeBytes, ...rest }) => {
        const lastPulledAt = lastPulledAtMs === null ? null : timeOf(lastPulledAtMs);
        return { ...rest, since: timeOf(updatedAtMs), isThere: sizeBytes > 0, sizeBytes, lastPulledAt };
      });
      return { body: { items: shown }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/repositories/{name}/tags/{tag}",
    tag,
    summary: "Show what a tag points at, or pointed at then",
    permission: mayPull,
    params,
    query: tagQuery,
    response: shownTag,
    current: getTag,
    handle: async (call) => ({
      body: call.query.at === undefined ? await getTag(call) : await getTagAt(call, Date.parse(call.query.at)),
    }),
  }),
  defineRoute({
    method: "GET",
    path: "/repositories/{name}/tags/{tag}/history",
    tag,
    summary: "List when a tag was made, moved and deleted, the newest first",
    description: "Also of a tag that is gone. How long it is remembered is configured.",
    permission: mayPull,
    params,
    query: z.strictObject(numberPage),
    response: listOf(tagChange),
    handle: listHistory,
  }),
  defineRoute({
    method: "POST",
    path: "/repositories/{name}/tags/{tag}/rollback",
    tag,
    summary: "Point a tag where it pointed before",
    description:
      "For who may `tag:overwrite` there, and `tag:create` if the tag is gone. Refused (409) if the manifest is not there any more.",
    permission: mayPull,
    params,
    body: rollBack,
    response: shownTag,
    makesNothing: true,
    current: getTag,
    async handle(call) {
      const { change, parts, params: place, body } = call;
      await requireWritable(changeableOf(parts));
      const repositoryId = await requireRepository(call, place.name);
      const isThere = (await findTag(call.queries, repositoryId, place.tag)) !== undefined;
      const action = isThere ? "tag:overwrite" : "tag:create";
      if (!isPermitted(await change.viewer(), { path: place.name, tag: place.tag, action }))
        throw new RegistryError("denied", `you may not ${isThere ? "move" : "make"} the tag ${place.tag}`);
      const target = targetOf(body);
      await rollBackTag(registryChangeOf(call), { repository: place.name, repositoryId, tag: place.tag, target });
      return { body: await getTag(call) };
    },
  }),
];

function targetOf({ digest, steps, at }: z.output<typeof rollBack>): RollBackTarget {
  if (digest !== undefined) return { digest };
  return steps === undefined ? { atMs: Date.parse(at ?? "") } : { steps };
}

async function getTag(call: RepositoryCall & Pick<ApiCall<Params>, "params">) {
  const {
    queries,
    params: { name, tag: wanted },
  } = call;
  const repositoryId = await requireRepository(call, name);
  const found = await findTag(queries, repositoryId, wanted);
  if (!found) throw new RegistryError("not-found", `${name} has no tag ${wanted}: its history may tell why`);
  const { digest, updatedAtMs: sinceMs } = found;
  return showTag(queries, { repositoryId, tag: wanted, digest, sinceMs });
}

async function getTagAt(call: ApiCall<Params>, atMs: number) {
  const {
    queries,
    params: { name, tag: wanted },
  } = call;
  const repositoryId = await requireRepository(call, name);
  const state = await findTagState(queries, { repositoryId, tag: wanted }, atMs);
  if (state.kind === "known") return showTag(queries, { repositoryId, tag: wanted, ...state });
  const at = timeOf(atMs);
  const reason =
    state.kind === "absent"
      ? `${name} had no tag ${wanted} at ${at}, as far as its history goes back`
      : `the history of ${name}:${wanted} does not go back to ${at}`;
  throw new RegistryError("not-found", reason);
}

interface PointedAt {
  readonly repositoryId: number;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly sinceMs: number;
}

async function showTag(queries: Queries, { repositoryId, tag: name, digest, sinceMs }: PointedAt) {
  const facts = await findManifestFacts(queries, repositoryId, digest);
  const { mediaType = null, sizeBytes = null } = facts ?? {};
  return { name, digest, since: timeOf(sinceMs), isThere: (sizeBytes ?? 0) > 0, mediaType, sizeBytes };
}

async function listHistory(call: ApiCall<Params, PageQuery>) {
  const {
    queries,
    caller,
    params: { name, tag: wanted },
    query,
  } = call;
  const repositoryId = await requireRepository(call, name);
  const read = (page: NewestPage) => listTagChanges(queries, { repositoryId, tag: wanted }, page);
  const { items, next } = await readNewestPage(query, read, ({ id }) => id);
  // Names and addresses are not for everybody who may pull, which may be everybody.
  const showsActors = caller.may("push", name) || caller.may("settings:read", name);
  return { body: { items: items.map((record) => showChange(record, { caller, showsActors })) }, next };
}

interface Sight extends Pick<ApiCall, "caller"> {
  readonly showsActors: boolean;
}

function showChange(record: TagChangeRecord, { caller, showsActors }: Sight) {
  const { id, atMs, cause, digest, fromDigest: from, actor, address, reason, otherPlace: place } = record;
  const by = showsActors ? { actor, address, reason } : { actor: null, address: null, reason: null };
  const isSeen = place && caller.may("pull", place.repository, { tag: place.tag });
  const otherPlace = isSeen ? `${place.repository}:${place.tag}` : null;
  return { id, time: timeOf(atMs), cause, digest, from, otherPlace, ...by };
}
