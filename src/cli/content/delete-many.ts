import { COMMAND } from "../../app/index.ts";
import type { ApiDeleteRequest, ApiDeletionVerdict, ApiJob } from "../../http/index.ts";
import { followJob } from "../upkeep/follow-job.ts";
import { count } from "../quantities.ts";
import { NotDone } from "../remote/not-done.ts";
import type { Work } from "../remote/noun.ts";
import type { Columns } from "../table.ts";
import { EXIT_AGAIN, EXIT_NO_INPUT, type Terminal } from "../terminal.ts";

export interface DeleteFlags {
  readonly dryRun?: boolean;
  /** `false`: --no-wait. */
  readonly wait: boolean;
}

export interface ManyDoomed {
  /** A name, or `team/old/**`. */
  readonly repositories: string;
  /** Absent: all that is there. */
  readonly tags?: string;
}

const COLUMNS: Columns<ApiDeletionVerdict> = {
  repository: ({ repository }) => repository,
  what: ({ kind }) => kind,
  digest: ({ digest }) => digest,
  tags: ({ tags }) => tags.join(", "),
  verdict: ({ verdict }) => verdict,
  why: ({ reason }) => reason,
};

/** Says what would go, or asks the person and deletes it. @throws NotDone if something stays, or there is no such tag */
export async function deleteMany(
  { client, out, flags, confirm }: Work<DeleteFlags>,
  doomed: ManyDoomed,
  terminal: Pick<Terminal, "stderr">,
): Promise<void> {
  const { repositories, tags } = doomed;
  if (flags.dryRun)
    return out.list(await client.list<ApiDeletionVerdict>("/deletions/preview", { repositories, tags }), COLUMNS);
  await confirm(`Delete ${tags === undefined ? "everything" : `the tags ${tags}`} in ${repositories}?`);
  const answer = await client.post<ApiJob | ApiDeleteRequest>("/deletions", doomed);
  if (!("kind" in answer)) {
    const { id, expiresAt } = answer;
    out.text("", answer);
    const how = `another person approves it by ${COMMAND} approval approve ${id}`;
    throw new NotDone(EXIT_AGAIN, `Nothing is deleted yet. It waits for a second person until ${expiresAt}: ${how}.`);
  }
  const { id } = answer;
  if (!flags.wait)
    return out.done(`Deletion ${id} begins soon. To see it: ${COMMAND} repository deletion ${id}`, answer);
  const job = await followJob({ client, out, terminal }, `/deletions/${id}`);
  tellRefusals(job, terminal);
  requireDone(job, doomed);
}

/** @throws NotDone if something stays, or the one tag is not there; of a pattern nothing may match */
function requireDone({ result }: ApiJob, { repositories, tags }: ManyDoomed): void {
  const { deleted = 0, refused = 0 } = outcomeOf(result);
  if (refused > 0) throw new NotDone(1, `${count(refused, "thing")} stayed.`);
  if (deleted === 0 && tags !== undefined && !tags.includes("*"))
    throw new NotDone(EXIT_NO_INPUT, `${repositories} has no tag ${tags}`);
}

/** What stays, and why. */
export function tellRefusals({ result }: ApiJob, { stderr }: Pick<Terminal, "stderr">): void {
  const { refused = 0, refusals = [] } = outcomeOf(result);
  for (const { repository, reference, reason } of refusals)
    stderr.write(`${repository}${reference.includes(":") ? "@" : ":"}${reference} stays: ${reason}\n`);
  if (refused > refusals.length) stderr.write(`${count(refused - refusals.length, "thing")} more stayed.\n`);
}

const outcomeOf = (result: ApiJob["result"]) => (result ?? {}) as Partial<Outcome>;

/** As a deletion tells it in its result. */
interface Outcome {
  readonly deleted: number;
  readonly refused: number;
  readonly refusals: readonly { readonly repository: string; readonly reference: string; readonly reason: string }[];
}
