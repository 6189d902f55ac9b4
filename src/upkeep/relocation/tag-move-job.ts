import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import {
  findRepositoryId,
  findRepositoryName,
  listTaggedManifests,
  type TaggedManifest,
} from "../../metadata/index.ts";
import { isRepositoryName, isTag, RegistryError, type Tag } from "../../oci/index.ts";
import {
  MOST_TOLD,
  parseRelocationPattern,
  type RefusedDeletion,
  type Registry,
  requireDeletable,
  type TagRelocation,
} from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { inPages } from "../in-pages.ts";
import { type Requester, requester } from "../requester.ts";
import { restSince } from "../rest.ts";

const tagMoveInput = z.strictObject({
  from: z.string().refine(isRepositoryName),
  /** Of the one that is meant, which may get another name before its turn comes, as another may get its own. */
  repositoryId: z.int().optional(),
  /** A tag, or a pattern. */
  tags: z.string(),
  to: z.string().refine(isRepositoryName),
  /** Of a single tag; absent: the tags keep their names. */
  newTag: z.string().refine(isTag).optional(),
  requester,
});

export type TagMoveInput = z.output<typeof tagMoveInput>;

/** Nobody asks for it by its name: whoever may move tags has a route of their own. */
export const TAG_MOVE_JOB: JobKind<TagMoveInput> = {
  name: "tag-move",
  about: "Moves tags into another repository, or gives one another name.",
  input: tagMoveInput,
  openKey: ({ from, tags }) => `${from}:${tags}`,
  maxAttempts: 5,
};

export interface TagMoveParts {
  readonly registry: Pick<Registry, "metadata" | "clock" | "options">;
  readonly log: Log;
  /** Moves one in a transaction of its own as whoever has asked for it, by what they may do now. @throws RegistryError */
  readonly moveTagAs: (requester: Requester) => (relocation: TagRelocation) => Promise<unknown>;
}

/** What became of it. */
export interface TagMoveTally {
  moved: number;
  refused: number;
  /** The first hundred: what stays, and why. */
  refusals: RefusedDeletion[];
}

/** Moves one tag after the other beside pushes. What is moved is not met again by another attempt. */
export function tagMoveWork(parts: TagMoveParts): JobWork {
  return defineWork({
    kind: TAG_MOVE_JOB,
    async run(turn: JobTurn<TagMoveInput>): Promise<Readonly<TagMoveTally>> {
      const { registry, log } = parts;
      await requireDeletable(registry);
      // What was refused is met again.
      const tally: TagMoveTally = { moved: 0, ...turn.progress?.detail, refused: 0, refusals: [] };
      for await (const tag of tagsOf(registry, turn.input)) {
        turn.signal.throwIfAborted();
        await moveOne(parts, turn, { tag, tally });
      }
      log.info("a move of tags is done", { job: turn.id, ...tally, refusals: undefined });
      return tally;
    },
  });
}

async function* tagsOf(
  { metadata: { reads } }: TagMoveParts["registry"],
  { from, repositoryId, tags }: TagMoveInput,
): AsyncGenerator<Tag, void, void> {
  const id = repositoryId ?? (await findRepositoryId(reads, from));
  if (id === undefined) return;
  const matches = parseRelocationPattern(tags);
  const nameOf = ({ tag }: TaggedManifest) => tag;
  for await (const { tag } of inPages(1000, nameOf, (page) => listTaggedManifests(reads, id, page)))
    if (matches(tag)) yield tag;
}

async function moveOne(
  { registry: { metadata, clock }, moveTagAs }: TagMoveParts,
  turn: JobTurn<TagMoveInput>,
  { tag, tally }: { readonly tag: Tag; readonly tally: TagMoveTally },
): Promise<void> {
  const { input, signal } = turn;
  const { to, newTag = tag, repositoryId } = input;
  const startedAtMs = clock.nowMs();
  const now = repositoryId === undefined ? undefined : await findRepositoryName(metadata.reads, repositoryId);
  const from = now ?? input.from;
  try {
    await moveTagAs(input.requester)({ from, tag, to, newTag });
    tally.moved += 1;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // What they may not see is not there, nor is what somebody has deleted meanwhile.
    if (error.kind !== "not-found") note(tally, { repository: input.from, reference: tag, reason: error.message });
  }
  turn.report({ done: tally.moved, total: null, unit: "tag", detail: { ...tally } });
  await restSince(startedAtMs, { clock, signal });
}

function note(tally: TagMoveTally, refusal: RefusedDeletion): void {
  tally.refused += 1;
  if (tally.refusals.length < MOST_TOLD) tally.refusals.push(refusal);
}
