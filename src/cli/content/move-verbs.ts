import { InvalidArgumentError } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { ApiJob, ApiMoved, ApiPlannedMove, ApiRedirect, ApiSetting } from "../../http/index.ts";
import { count } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { NotDone } from "../remote/not-done.ts";
import type { Noun, Work } from "../remote/noun.ts";
import type { Columns } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { followJob } from "../upkeep/follow-job.ts";
import { JOB_DETAILS } from "../upkeep/job-report.ts";
import { showSettingValue } from "../upkeep/setting-values.ts";

type Change = ApiPlannedMove["changes"][number];

const PLAN_COLUMNS: Columns<ApiPlannedMove> = {
  from: ({ from }) => from,
  to: ({ to }) => to,
  changes: ({ changes }) => changes.map(showChange).join("; "),
  problem: ({ problem, changes }) =>
    problem ?? (changes.some(({ needsConsent }) => needsConsent) ? "wants --accept-changes" : undefined),
};

const REDIRECT_COLUMNS: Columns<ApiRedirect> = {
  from: ({ from }) => from,
  to: ({ to }) => to,
  until: ({ until }) => until,
  moved: ({ movedAt }) => movedAt,
  who: ({ actor }) => actor,
};

interface MoveFlags {
  readonly below?: boolean;
  readonly dryRun?: boolean;
  readonly redirectDays?: number;
  readonly acceptChanges?: boolean;
  /** `false`: --no-wait. */
  readonly wait: boolean;
}

/** `berth repository rename`, `redirects` and `end-redirect`. */
export function addMoveVerbs(noun: Noun, terminal: Pick<Terminal, "stderr">): void {
  noun
    .verb<MoveFlags>(
      "rename <old> <new>",
      "give a repository another name; the old one leads to it, for 30 days unless `namespace set … redirect` says more",
      (work, from = "", to = "") => rename(work, { from, to }, terminal),
      (verb) =>
        verb
          .option("--below", "also all repositories below it")
          .option("-d, --dry-run", "say what would be moved, and which rules would hold then; move nothing")
          .option(
            "--redirect-days <days>",
            "how long the old name leads to the new one, 0 for not at all; default: as said for the old name, or 30",
            parseDays,
          )
          .option("--accept-changes", "also if more may see it under the new name, or other settings hold there")
          .option("--no-wait", "with --below: do not wait until it is done"),
    )
    .verb("renaming <id>", "show how far a renaming of many is, and what stayed", async ({ client, out }, id = "") => {
      const job = await client.get<ApiJob>(at`/renames/${id}`);
      out.record(job, JOB_DETAILS);
      tellStaying(job, terminal);
    })
    .verb(
      "cancel-renaming <id>",
      "end a renaming of many: what has its new name by then keeps it",
      async ({ client, out }, id = "") => {
        const job = await client.post<ApiJob>(at`/renames/${id}/cancel`, {});
        out.done(job.state === "cancelled" ? `Cancelled renaming ${id}.` : `Renaming ${id} is told to end.`, job);
      },
    )
    .verb("redirects", "list the old names that lead to others", async ({ client, out }) =>
      out.list(await client.list<ApiRedirect>("/redirects"), REDIRECT_COLUMNS),
    )
    .verb(
      "end-redirect <old>",
      "let an old name lead nowhere, so that it is free",
      async ({ client, out }, name = "") => {
        await client.delete(at`/redirects/${name}`);
        out.done(`${name} leads nowhere any more.`);
      },
    );
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

async function rename(work: Work<MoveFlags>, pair: Pair, terminal: Pick<Terminal, "stderr">): Promise<void> {
  const { client, out, flags, confirm } = work;
  const { below = false, dryRun = false, redirectDays, acceptChanges = false } = flags;
  const plans = await client.list<ApiPlannedMove>("/moves/preview", { ...pair, below: String(below) });
  if (dryRun) return out.list(plans, PLAN_COLUMNS);
  const changes = plans.flatMap((plan) => plan.changes).map(showChange);
  if (!below) requireAccepted(plans, acceptChanges);
  await confirm(
    `Rename ${count(plans.length, "repository")}?${[...new Set(changes)].map((text) => ` ${text}.`).join("")}`,
  );
  const body = { ...pair, redirectDays, acceptChanges };
  if (below) return renameMany(work, body, terminal);
  const moved = await client.post<ApiMoved>("/moves", body);
  out.done(describe(moved), moved);
}

/** Before anybody is asked. @throws NotDone */
function requireAccepted(plans: readonly ApiPlannedMove[], isAccepted: boolean): void {
  for (const plan of plans) {
    const missing = unaccepted(plan, isAccepted);
    if (missing !== undefined) throw new NotDone(1, `${plan.from} stays: ${missing}`);
  }
}

/** What would have to be accepted of a move. */
function unaccepted({ changes }: ApiPlannedMove, isAccepted: boolean): string | undefined {
  const missing = changes.filter(({ needsConsent }) => needsConsent);
  if (isAccepted || missing.length === 0) return undefined;
  return `other rules would hold (${missing.map(showChange).join("; ")}): say --accept-changes if that is meant`;
}

/** It goes on without this command. */
async function renameMany(
  { client, out, flags }: Work<MoveFlags>,
  body: object,
  terminal: Pick<Terminal, "stderr">,
): Promise<void> {
  const { id } = await client.post<ApiJob>("/renames", body);
  if (!flags.wait) return out.done(`Renaming ${id} begins soon. To see it: ${COMMAND} repository renaming ${id}`);
  const job = await followJob({ client, out, terminal }, `/renames/${id}`);
  const stayed = tellStaying(job, terminal);
  if (stayed > 0) throw new NotDone(1, `${count(stayed, "repository")} stayed.`);
}

/** @returns how many stay */
function tellStaying({ result }: ApiJob, { stderr }: Pick<Terminal, "stderr">): number {
  const { refused = 0, refusals = [] } = (result ?? {}) as Partial<Refusals>;
  for (const { repository, reason } of refusals) stderr.write(`${repository} stays: ${reason}\n`);
  if (refused > refusals.length) stderr.write(`${count(refused - refusals.length, "repository")} more stayed.\n`);
  return refused;
}

/** As a renaming tells it in its result. */
interface Refusals {
  readonly refused: number;
  readonly refusals: readonly { readonly repository: string; readonly reason: string }[];
}

function describe({ from, to, redirectUntil, changes }: ApiMoved): string {
  const rest = redirectUntil === null ? "" : ` ${from} leads to it until ${redirectUntil}.`;
  return `${from} is ${to} now.${rest}${changes.map((change) => ` ${showChange(change)}.`).join("")}`;
}

function showChange({ rule, before, after }: Change): string {
  return `${rule}: ${textOf(rule, before)} before, ${textOf(rule, after)} then`;
}

/** A setting as `namespace set` takes it. */
function textOf(rule: string, value: unknown): string {
  if (value === null) return "nothing";
  return typeof value === "string" ? value : showSettingValue({ name: rule, value } as ApiSetting);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (/^\d{1,4}$/.test(text) && days <= 3650) return days;
  throw new InvalidArgumentError("It is a number of days from 0 to 3650.");
}
