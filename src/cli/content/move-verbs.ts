import { InvalidArgumentError } from "commander";
import type { ApiMoved, ApiPlannedMove, ApiRedirect, ApiSetting } from "../../http/index.ts";
import { count } from "../quantities.ts";
import { ApiRefusal, at } from "../remote/api-client.ts";
import { NotDone } from "../remote/not-done.ts";
import type { Noun, Work } from "../remote/noun.ts";
import { showSettingValue } from "../upkeep/setting-values.ts";
import type { Columns } from "../table.ts";
import type { Terminal } from "../terminal.ts";

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
  if (!below) requireAccepted(plans, acceptChanges);
  await confirm(
    `Rename ${count(plans.length, "repository")}?${[...new Set(changes)].map((text) => ` ${text}.`).join("")}`,
  );
  const moved: ApiMoved[] = [];
  let failed = 0;
  for (const plan of plans) {
    const body = { from: plan.from, to: plan.to, redirectDays, acceptChanges };
    const result =
      unaccepted(plan, acceptChanges) ??
      (await client.post<ApiMoved>("/moves", body).catch((error: unknown) => refusalOf(error, below)));
    if (typeof result !== "string") moved.push(result);
    else {
      failed += 1;
      stderr.write(`${plan.from} stays: ${result}\n`);
    }
  }
  out.done(describe(moved), moved);
  if (failed > 0) throw new NotDone(1, `${count(failed, "repository")} stayed.`);
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
