import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import { iterateRepositories, type NamePair, type Registry, requireWritable } from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { type Requester, requester } from "../requester.ts";
import { restSince } from "../rest.ts";

const renamingInput = z.strictObject({
  /** A node: all repositories below it, and one of that name. */
  from: z.string(),
  to: z.string(),
  /** How long old names lead to new ones; absent: as it is said for each. */
  redirectDays: z.int().optional(),
  acceptChanges: z.boolean(),
  requester,
});

export type RenamingInput = z.output<typeof renamingInput>;

/** Nobody asks for it by its name: whoever may move has a route of their own. */
export const RENAMING_JOB: JobKind<RenamingInput> = {
  name: "rename",
  about: "Gives all repositories below a namespace other names.",
  input: renamingInput,
  openKey: ({ from }) => from,
  maxAttempts: 5,
};

export interface RenamingParts {
  readonly registry: Pick<Registry, "metadata" | "clock" | "options">;
  readonly log: Log;
  /** Moves one as whoever has asked for it, by what they may do now. @throws RegistryError */
  readonly moveAs: (requester: Requester) => (moving: OneMove) => Promise<unknown>;
}

export type OneMove = NamePair & Pick<RenamingInput, "redirectDays" | "acceptChanges">;

/** What became of it. */
export interface RenamingTally {
  moved: number;
  refused: number;
  /** The first hundred. */
  refusals: RefusedMove[];
}

export interface RefusedMove {
  readonly repository: RepositoryName;
  readonly reason: string;
}

const MOST_TOLD = 100;

/** Moves one repository after the other beside pushes. What is moved is not met again by another attempt. */
export function renamingWork(parts: RenamingParts): JobWork {
  return defineWork({
    kind: RENAMING_JOB,
    async run(turn: JobTurn<RenamingInput>): Promise<Readonly<RenamingTally>> {
      const { registry, log } = parts;
      await requireWritable(registry);
      // What was refused is met again.
      const tally: RenamingTally = { moved: 0, ...turn.progress?.detail, refused: 0, refusals: [] };
      for await (const from of iterateRepositories(registry.metadata.reads, turn.input.from)) {
        turn.signal.throwIfAborted();
        await moveOne(parts, turn, { from, tally });
      }
      log.info("a renaming is done", { job: turn.id, ...tally, refusals: undefined });
      return tally;
    },
  });
}

async function moveOne(
  { registry: { clock }, moveAs }: RenamingParts,
  turn: JobTurn<RenamingInput>,
  { from, tally }: { readonly from: RepositoryName; readonly tally: RenamingTally },
): Promise<void> {
  const { input, signal } = turn;
  const { redirectDays, acceptChanges, requester: who } = input;
  const to = `${input.to}${from.slice(input.from.length)}` as RepositoryName;
  const startedAtMs = clock.nowMs();
  try {
    await moveAs(who)({ from, to, redirectDays, acceptChanges });
    tally.moved += 1;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // What they may not see is not there, nor is a node that is no repository.
    if (error.kind !== "not-found" && error.kind !== "name-unknown")
      note(tally, { repository: from, reason: error.message });
  }
  turn.report({ done: tally.moved, total: null, unit: "repository", detail: { ...tally } });
  await restSince(startedAtMs, { clock, signal });
}

function note(tally: RenamingTally, refusal: RefusedMove): void {
  tally.refused += 1;
  if (tally.refusals.length < MOST_TOLD) tally.refusals.push(refusal);
}
