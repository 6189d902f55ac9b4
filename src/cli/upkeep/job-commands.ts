import { type Command, InvalidArgumentError } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { ApiJob, ApiJobKind, ApiList } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { followJob } from "./follow-job.ts";
import { JOB_COLUMNS, JOB_DETAILS } from "./job-report.ts";
import { formatDuration } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

const KIND_COLUMNS: Columns<ApiJobKind> = {
  kind: (kind) => kind.kind,
  about: (kind) => kind.about,
  "by itself": comesBy,
  next: (kind) => kind.dueAt,
  input: (kind) => Object.keys(kind.input["properties"] ?? {}).join(", "),
  "not now": (kind) => kind.refusal,
};

function comesBy({ everySeconds, cron }: ApiJobKind): string | undefined {
  if (everySeconds !== null) return `every ${formatDuration(everySeconds)}`;
  return cron === null ? undefined : `at ${cron} (UTC)`;
}

interface ListFlags {
  readonly kind?: string;
  readonly state?: string;
  readonly limit: number;
}

interface RunFlags {
  readonly input?: unknown;
  readonly wait?: boolean;
}

/** `berth job …` */
export function registerJobCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("job").description("see and start work such as clean-up and scrubs");
  const noun = new Noun(command, surroundings);
  registerReading(noun, surroundings);
  registerChanging(noun, surroundings);
}

function registerReading(noun: Noun, { terminal }: CommandSurroundings): void {
  noun
    .verb(
      "kinds",
      "list what can be started, when it comes by itself, and the input that it takes",
      async ({ client, out }) => out.list(await client.list<ApiJobKind>("/job-kinds"), KIND_COLUMNS),
    )
    .verb<ListFlags>(
      "list",
      "list jobs, the newest first",
      async ({ client, out, flags: { kind, state, limit } }) => {
        const { items } = await client.get<ApiList<ApiJob>>("/jobs", { kind, state, limit });
        out.list(items, JOB_COLUMNS);
      },
      (verb) =>
        verb
          .option("--kind <kind>", "only those of a kind, such as gc")
          .option("--state <state>", "only those that are waiting, running, succeeded, failed or cancelled")
          .option("-n, --limit <number>", "how many at most", parseCount, 20),
    )
    .verb("show <id>", "show a job, how far it is, and how it ended", async ({ client, out }, id = "") =>
      out.record(await client.get<ApiJob>(at`/jobs/${id}`), JOB_DETAILS),
    )
    .verb("follow <id>", "show how far a job is until it has ended", async ({ client, out }, id = "") => {
      await followJob({ client, out, terminal }, at`/jobs/${id}`);
    });
}

function registerChanging(noun: Noun, { terminal }: CommandSurroundings): void {
  noun
    .verb<RunFlags>(
      "run <kind>",
      "start a job now",
      async ({ client, out, flags: { input, wait = false } }, kind = "") => {
        const job = await client.post<ApiJob>("/jobs", { kind, input });
        if (wait) await followJob({ client, out, terminal }, `/jobs/${job.id}`);
        else out.done(`Job ${job.id} begins soon. To see it: ${COMMAND} job follow ${job.id}`, job);
      },
      (verb) =>
        verb
          .option("--input <json>", `such as {"windowSeconds":0}; ${COMMAND} job kinds lists what there is`, parseInput)
          .option("--wait", "show how far it is until it has ended; 1: it failed, 75: it was cancelled"),
    )
    .verb("cancel <id>", "end a job: at once if it waits, soon if it runs", async ({ client, out }, id = "") => {
      const job = await client.post<ApiJob>(at`/jobs/${id}/cancel`, {});
      out.done(job.state === "cancelled" ? `Cancelled job ${id}.` : `Job ${id} is told to end.`, job);
    });
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError("It is no JSON.");
  }
}

function parseCount(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1000)
    throw new InvalidArgumentError("It is a number from 1 to 1000.");
  return number;
}
