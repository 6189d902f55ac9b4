import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import { findJob, findRepositoryName } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import {
  type ActFor,
  deleteMany,
  iterateRepositories,
  MOST_TOLD,
  type RefusedDeletion,
  type Registry,
  requireDeletable,
} from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { type Requester, requester } from "../requester.ts";
import { restSince } from "../rest.ts";

export interface DeletionParts {
  readonly registry: Pick<Registry, "metadata" | "clock" | "options">;
  readonly log: Log;
  /** As whoever has asked for it. */
  readonly actAs: (requester: Requester) => ActFor;
}

const deletionInput = z.strictObject({
  /** A repository, or a node with all below it. */
  path: z.string(),
  withBelow: z.boolean(),
  /** Of a single one, which may get another name before its turn comes, as another may get its own. */
  repositoryId: z.int().optional(),
  /** A pattern; absent: all manifests. */
  tags: z.string().optional(),
  /** A second person has approved it. */
  isApproved: z.boolean().optional(),
  /** What came later stays; absent: later than the job was made. */
  askedAtMs: z.int().optional(),
  requester,
});

export type DeletionInput = z.output<typeof deletionInput>;

/** Nobody asks for it by its name: whoever may delete has a route of their own. */
export const DELETION_JOB: JobKind<DeletionInput> = {
  name: "deletion",
  about: "Deletes repositories, or the tags that match a pattern.",
  input: deletionInput,
  // One that is approved does more.
  openKey: ({ path, withBelow, tags = "", isApproved }) =>
    `${path}${withBelow ? "/**" : ""}:${tags}${isApproved ? " approved" : ""}`,
  maxAttempts: 5,
};

/** What became of it. */
export interface DeletionTally {
  /** In which something was deleted. */
  readonly repositories: number;
  /** Tags, or manifests with theirs. */
  readonly deleted: number;
  readonly refused: number;
  /** The first hundred. */
  readonly refusals: readonly RefusedDeletion[];
}

/** So that a step takes some milliseconds: every push waits for it. */
const DELETED_AT_ONCE = 25;

/** Deletes what somebody has asked for, in small steps beside pushes, into the bin if there is one. What is pushed after that stays. */
export function deletionWork(parts: DeletionParts): JobWork {
  return defineWork({
    kind: DELETION_JOB,
    async run(turn: JobTurn<DeletionInput>): Promise<DeletionTally> {
      const { registry, log } = parts;
      await requireDeletable(registry);
      // What was refused is met again.
      const anew = { refused: 0, refusals: [] as RefusedDeletion[] };
      const tally = { repositories: 0, deleted: 0, ...turn.progress?.detail, ...anew };
      const { metadata, clock } = registry;
      const madeAtMs = (await findJob(metadata.reads, turn.id))?.createdAtMs;
      const askedAtMs = turn.input.askedAtMs ?? madeAtMs ?? clock.nowMs();
      for await (const repository of repositoriesOf(registry, turn.input)) {
        await deleteIn(parts, turn, { repository, tally, askedAtMs });
        turn.signal.throwIfAborted();
      }
      log.info("a deletion is done", { job: turn.id, ...tally, refusals: undefined });
      return tally;
    },
  });
}

async function* repositoriesOf(
  { metadata }: DeletionParts["registry"],
  { path, withBelow, repositoryId }: DeletionInput,
): AsyncGenerator<RepositoryName, void, void> {
  if (withBelow) yield* iterateRepositories(metadata.reads, path);
  else {
    const name = repositoryId === undefined ? path : await findRepositoryName(metadata.reads, repositoryId);
    if (name !== undefined) yield name as RepositoryName;
  }
}

interface DeletedRepository {
  readonly repository: RepositoryName;
  readonly askedAtMs: number;
  readonly tally: { repositories: number; deleted: number; refused: number; refusals: RefusedDeletion[] };
}

async function deleteIn(
  { registry, actAs }: DeletionParts,
  turn: JobTurn<DeletionInput>,
  { repository, tally, askedAtMs }: DeletedRepository,
): Promise<void> {
  const { input, signal } = turn;
  const { metadata, clock, options } = registry;
  const actFor = actAs(input.requester);
  const { tags, isApproved, repositoryId } = input;
  let isCounted = false;
  let startedAtMs = clock.nowMs();
  const deletion = {
    metadata,
    repository,
    repositoryId,
    tags,
    isApproved,
    askedAtMs,
    actFor,
    binKeepMs: options.binKeepMs,
    limit: DELETED_AT_ONCE,
  };
  for await (const { deleted, refused, refusals } of deleteMany(deletion)) {
    if (deleted > 0 && !isCounted) tally.repositories += 1;
    isCounted ||= deleted > 0;
    tally.deleted += deleted;
    tally.refused += refused;
    tally.refusals.push(...refusals.slice(0, MOST_TOLD - tally.refusals.length));
    turn.report({
      done: tally.deleted,
      total: null,
      unit: tags === undefined ? "manifest" : "tag",
      detail: { ...tally },
    });
    await restSince(startedAtMs, { clock, signal });
    if (signal.aborted) return;
    startedAtMs = clock.nowMs();
  }
}
