import { InvalidArgumentError } from "commander";
import type { ApiMoved, ApiPlannedMove, ApiRedirect } from "../http/index.ts";
import { count } from "./quantities.ts";
import { ApiRefusal, at } from "./remote/api-client.ts";
import { NotDone } from "./remote/not-done.ts";
import type { Noun, Work } from "./remote/noun.ts";
import type { Columns } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const PLAN_COLUMNS: Columns<ApiPlannedMove> = {
  from: ({ from }) => from,
  to: ({ to }) => to,
  changes: ({ changes }) => changes.map(showChange).join("; "),
  problem: ({ problem }) => problem,
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
}

/** `berth repository rename`, `redirects` and `end-redirect`. */
export function addMoveVerbs(noun: Noun, terminal: Pick<Terminal, "stderr">): void {
  noun
    .verb<MoveFlags>(
      "rename <old> <new>",
      "give a repository another name; the old one leads to it for 30 days",
      (work, from = "", to = "") => rename(work, { from, to }, terminal),
      (verb) =>
        verb
          .option("--below", "also all repositories below it")
          .option("-d, --dry-run", "say what would be moved, and which rules would hold then; move nothing")
          .option("--redirect-days <days>", "how long the old name leads to the new one, 0 for not at all", parseDays)
          .option("--accept-changes", "also if more may see it under the new name, or other settings hold there"),
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

/** Each repository is a change of its own: who breaks it off types it again. */
async function rename(
  { client, out, flags, confirm }: Work<MoveFlags>,
  { from, to }: Pair,
  { stderr }: Pick<Terminal, "stderr">,
): Promise<void> {
  const { below = false, dryRun = false, redirectDays, acceptChanges = false } = flags;
  const plans = await client.list<ApiPlannedMove>("/moves/preview", { from, to, below: String(below) });
  if (dryRun) return out.list(plans, PLAN_COLUMNS);
  const changes = plans.flatMap((plan) => plan.changes).map(showChange);
  await confirm(
    `Rename ${count(plans.length, "repository")}?${[...new Set(changes)].map((text) => ` ${text}.`).join("")}`,
  );
  const moved: ApiMoved[] = [];
  let failed = 0;
  for (const plan of plans) {
    const body = { from: plan.from, to: plan.to, redirectDays, acceptChanges };
    const result = await client.post<ApiMoved>("/moves", body).catch((error: unknown) => refusalOf(error, below));
    if (typeof result !== "string") moved.push(result);
    else {
      failed += 1;
      stderr.write(`${plan.from} stays: ${result}\n`);
    }
  }
  out.done(describe(moved), moved);
  if (failed > 0) throw new NotDone(1, `${count(failed, "repository")} stayed.`);
}

/** Of many, the others are moved nevertheless. */
function refusalOf(error: unknown, isOneOfMany: boolean): string {
  if (isOneOfMany && error instanceof ApiRefusal && error.problem.status < 500) return error.problem.detail;
  throw error;
}

function describe(moved: readonly ApiMoved[]): string {
  const [first] = moved;
  if (moved.length !== 1 || !first) return `Renamed ${count(moved.length, "repository")}.`;
  const { from, to, redirectUntil, changes } = first;
  const rest = redirectUntil === null ? "" : ` ${from} leads to it until ${redirectUntil}.`;
  return `${from} is ${to} now.${rest}${changes.map((change) => ` ${showChange(change)}.`).join("")}`;
}

function showChange({ rule, before, after }: ApiPlannedMove["changes"][number]): string {
  return `${rule}: ${textOf(before)} before, ${textOf(after)} then`;
}

const textOf = (value: unknown) =>
  value === null ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);

function parseDays(text: string): number {
  const days = Number(text);
  if (/^\d{1,4}$/.test(text) && days <= 3650) return days;
  throw new InvalidArgumentError("It is a number of days from 0 to 3650.");
}
