import { COMMAND } from "../../app/index.ts";
import type { ApiJob, ApiPlannedTagMove } from "../../http/index.ts";
import { count } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { NotDone } from "../remote/not-done.ts";
import type { Noun, Work } from "../remote/noun.ts";
import { UsageError } from "../remote/usage-error.ts";
import type { Columns } from "../table.ts";
import { EXIT_NO_INPUT, type Terminal } from "../terminal.ts";
import { followJob } from "../upkeep/follow-job.ts";
import { JOB_DETAILS } from "../upkeep/job-report.ts";
import { tellRefusals } from "./delete-many.ts";

const COLUMNS: Columns<ApiPlannedTagMove> = {
  from: ({ from }) => from,
  to: ({ to }) => to,
  digest: ({ digest }) => digest,
  problem: ({ problem }) => problem,
};

interface MoveFlags {
  readonly dryRun?: boolean;
  /** `false`: --no-wait. */
  readonly wait: boolean;
}

/** `berth tag move`, `moving` and `cancel-moving`. */
export function addTagMoveVerbs(noun: Noun, terminal: Pick<Terminal, "stderr">): void {
  noun
    .verb<MoveFlags>(
      "move <repository[:tag]> <tags-or-place> [repository]",
      "move team/app 'pr-*' to team/app-pr, or a tag such as team/app:1.0 to team/other, or to team/app:1.0-old; what belongs to an image goes along",
      (work, first = "", second = "", third) => moveTags(work, parseMove(first, second, third), terminal),
      (verb) =>
        verb
          .option("-d, --dry-run", "list what would be moved, and what would stay and why; move nothing")
          .option("--no-wait", "do not wait until it is done"),
    )
    .verb("moving <id>", "show how far a move of tags is, and what stayed", async ({ client, out }, id = "") => {
      const job = await client.get<ApiJob>(at`/tag-moves/${id}`);
      out.record(job, JOB_DETAILS);
      tellRefusals(job, terminal);
    })
    .verb(
      "cancel-moving <id>",
      "end a move of tags: what has its new place by then keeps it",
      async ({ client, out }, id = "") => {
        const job = await client.post<ApiJob>(at`/tag-moves/${id}/cancel`, {});
        out.done(job.state === "cancelled" ? `Cancelled move ${id}.` : `Move ${id} is told to end.`, job);
      },
    );
}

/** As the API takes it. */
interface TagMove {
  readonly from: string;
  readonly tags: string;
  readonly to: string;
  readonly newTag?: string | undefined;
}

/** `team/app pr-* team/app-pr`, or `team/app:1.0` and a repository or a tag. @throws UsageError */
function parseMove(first: string, second: string, third: string | undefined): TagMove {
  if (third !== undefined) return { from: first, tags: second, to: third };
  const [, from, tags] = /^([^:@]+):([^:@/]+)$/.exec(first) ?? [];
  const [, to, newTag] = /^([^:@]+)(?::([^:@/]+))?$/.exec(second) ?? [];
  if (from !== undefined && tags !== undefined && to !== undefined) return { from, tags, to, newTag };
  throw new UsageError("Say what goes where: team/app 'pr-*' team/app-pr, or team/app:1.0 team/app:1.0-old");
}

/** Says what would be moved, or asks the person and moves it. @throws NotDone if something stays, or there is no such tag */
async function moveTags(
  { client, out, flags, confirm }: Work<MoveFlags>,
  move: TagMove,
  terminal: Pick<Terminal, "stderr">,
): Promise<void> {
  const { from, tags, to, newTag } = move;
  if (flags.dryRun) return out.list(await client.list<ApiPlannedTagMove>("/tag-moves/preview", { ...move }), COLUMNS);
  await confirm(`Move ${from}:${tags} to ${to}${newTag === undefined ? "" : `:${newTag}`}?`);
  const job = await client.post<ApiJob>("/tag-moves", move);
  if (!flags.wait) return out.done(`Move ${job.id} begins soon. To see it: ${COMMAND} tag moving ${job.id}`, job);
  const { result, ...done } = await followJob({ client, out, terminal }, `/tag-moves/${job.id}`);
  tellRefusals({ ...done, result }, terminal);
  const { moved = 0, refused = 0 } = (result ?? {}) as { readonly moved?: number; readonly refused?: number };
  if (refused > 0) throw new NotDone(1, `${count(refused, "tag")} stayed.`);
  if (moved === 0 && !tags.includes("*")) throw new NotDone(EXIT_NO_INPUT, `${from} has no tag ${tags}`);
}
