import { z } from "zod";
import { isPermitted, type Viewer } from "../../../access/index.ts";
import { type BinEntry, findBinEntry, listBinEntries, listBinTags, type Queries } from "../../../metadata/index.ts";
import { RegistryError, type Tag } from "../../../oci/index.ts";
import { emptyBin, removeFromBin, requireWritable, restoreFromBin } from "../../../registry/index.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { changeableOf, registryChangeOf } from "../registry-change.ts";
import { binEmptied, binEmpty, binEntry, binQuery, binRestore, binRestored } from "../schemas/bin.ts";
import { idParam, listOf, timeOf } from "../schemas/words.ts";

const params = z.strictObject({ id: idParam });
const tag = "bin";
const WHO = "For who may `delete` in the repository, or `tag:delete` the tag.";

export const BIN_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/bin",
    tag,
    summary: "List what was deleted and can be had back, the newest first",
    description: `${WHO} Auditors see everything.`,
    permission: "signed-in",
    query: binQuery,
    response: listOf(binEntry),
    handle: listBin,
  }),
  defineRoute({
    method: "GET",
    path: "/bin/{id}",
    tag,
    summary: "Show what was deleted",
    description: WHO,
    permission: "signed-in",
    params,
    response: binEntry,
    handle: async (call) => ({ body: await showEntry(call.queries, await getEntry(call, maySeeEntry)) }),
  }),
  defineRoute({
    method: "POST",
    path: "/bin/{id}/restore",
    tag,
    summary: "Bring back a manifest with its tags, or a tag",
    description: `${WHO} Refused (409), saying what stands in the way, if a tag points elsewhere by now or content is missing.`,
    permission: "signed-in",
    params,
    body: binRestore,
    response: binRestored,
    makesNothing: true,
    async handle(call) {
      const { force } = call.body;
      const { registryOptions } = call.parts;
      await requireWritable(changeableOf(call.parts));
      const entry = await getEntry(call, mayHandle);
      const viewer = await call.viewer();
      const { digest, tags } = await restoreFromBin(registryChangeOf(call), {
        entry,
        force,
        validation: registryOptions.validation,
        requireMayMove: (moved) => requireMayMove(viewer, entry, moved),
      });
      return { body: { repository: entry.repository, digest, tags: [...tags] } };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/bin/{id}",
    tag,
    summary: "Remove something from the bin for good",
    description: WHO,
    permission: "signed-in",
    params,
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const entry = await getEntry(call, mayHandle);
      await removeFromBin(registryChangeOf(call), [entry]);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/bin/empty",
    tag,
    summary: "Empty the bin",
    description: "For administrators; of one repository for who may `delete` there.",
    permission: "signed-in",
    body: binEmpty,
    response: binEmptied,
    makesNothing: true,
    async handle(call) {
      await requireWritable(changeableOf(call.parts));
      const { repository } = call.body;
      requireMayEmpty(await call.change.viewer(), repository);
      const removed = await emptyBin(registryChangeOf(call), { repository, limit: EMPTIED_AT_ONCE });
      return { body: { removed, hasMore: removed === EMPTIED_AT_ONCE } };
    },
  }),
];

/** All writers wait meanwhile. */
const EMPTIED_AT_ONCE = 100;
const TAGS_SHOWN = 100;
/** What is read of the bin for a page, of which not all may be for the caller. */
const READ_AT_ONCE = 500;
const MOST_READS = 10;

async function listBin(call: ApiCall<unknown, z.output<typeof binQuery>>) {
  const { limit, after, repository } = call.query;
  const viewer = await call.viewer();
  const items: BinEntry[] = [];
  let next = after === "" ? undefined : Number(after);
  for (let reads = 0; reads < MOST_READS && items.length <= limit; reads += 1) {
    const found = await listBinEntries(call.queries, { repository, beforeId: next, limit: READ_AT_ONCE });
    for (const entry of found) if (await maySeeEntry(call.queries, viewer, entry)) items.push(entry);
    next = found.length < READ_AT_ONCE ? undefined : found.at(-1)?.id;
    if (next === undefined) break;
  }
  const shown = items.slice(0, limit);
  if (items.length > limit) next = shown.at(-1)?.id;
  return {
    body: { items: await Promise.all(shown.map((entry) => showEntry(call.queries, entry))) },
    next: next?.toString(),
  };
}

async function showEntry(queries: Queries, entry: BinEntry) {
  const { id, repository, kind, digest, mediaType, sizeBytes, actor, address } = entry;
  const tags = [...(await listBinTags(queries, id, TAGS_SHOWN))];
  const times = { deletedAt: timeOf(entry.deletedAtMs), expiresAt: timeOf(entry.expiresAtMs) };
  return { id, repository, kind, digest, mediaType, sizeBytes, tags, ...times, actor, address };
}

/** Who may delete may have it back. */
async function mayHandle(queries: Queries, viewer: Viewer, entry: BinEntry): Promise<boolean> {
  const { repository: path, kind, id } = entry;
  if (kind === "manifest") return isPermitted(viewer, { path, action: "delete" });
  if (isPermitted(viewer, { path, action: "tag:delete" })) return true;
  // A list looks at thousands: only where it depends on the tag is the tag read.
  if (!isPermitted(viewer, { path, action: "tag:delete", isAnyTagEnough: true })) return false;
  const [name] = await listBinTags(queries, id, 1);
  return isPermitted(viewer, { path, action: "tag:delete", tag: name });
}

async function maySeeEntry(queries: Queries, viewer: Viewer, entry: BinEntry): Promise<boolean> {
  return viewer.asker.systemRole !== undefined || mayHandle(queries, viewer, entry);
}

/** @throws RegistryError `not-found`, `denied` for who may not */
async function getEntry(call: ApiCall<z.output<typeof params>>, may: typeof mayHandle): Promise<BinEntry> {
  const { queries, params: place } = call;
  const viewer = await call.viewer();
  const entry = await findBinEntry(queries, place.id);
  if (entry && (await may(queries, viewer, entry))) return entry;
  throw entry && isSeen(viewer, entry.repository)
    ? new RegistryError("denied", `you may not delete in ${entry.repository}, nor undo a delete`)
    : new RegistryError("not-found", `there is no entry ${place.id} in the bin: it was restored, or its time was over`);
}

function isSeen(viewer: Viewer, path: string): boolean {
  return isPermitted(viewer, { path, action: "pull", isAnyTagEnough: true });
}

function requireMayMove(viewer: Viewer, { repository: path }: BinEntry, tags: readonly Tag[]): void {
  const refused = tags.filter((name) => !isPermitted(viewer, { path, action: "tag:overwrite", tag: name }));
  if (refused.length === 0) return;
  throw new RegistryError("denied", `you may not move ${refused.slice(0, TAGS_SHOWN).join(", ")}`);
}

function requireMayEmpty(viewer: Viewer, repository: string | undefined): void {
  if (viewer.asker.systemRole === "administrator") return;
  if (repository === undefined) throw new RegistryError("denied", "this is for administrators: name a repository");
  if (isPermitted(viewer, { path: repository, action: "delete" })) return;
  throw isSeen(viewer, repository)
    ? new RegistryError("denied", `you may not delete in ${repository}`)
    : new RegistryError("not-found", "there is nothing here");
}
