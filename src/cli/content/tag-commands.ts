import { type Command, InvalidArgumentError } from "commander";
import type { ApiListedTag, ApiTag, ApiTagChange } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { type DeleteFlags, deleteMany, type ManyDoomed } from "./delete-many.ts";
import { deleting } from "./repository-commands.ts";
import { addKeepVerbs } from "./keep-commands.ts";
import { addTagMoveVerbs } from "./move-tags.ts";
import { formatBytes } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";
import { parseTime } from "../remote/parse-time.ts";
import { parseTagReference } from "../remote/tag-reference.ts";
import { UsageError } from "../remote/usage-error.ts";
import type { Columns } from "../table.ts";

const TAG_COLUMNS: Columns<ApiListedTag> = {
  tag: (tag) => tag.name,
  digest: (tag) => tag.digest,
  since: (tag) => tag.since,
  "manifest size": (tag) => (tag.sizeBytes === null ? null : formatBytes(tag.sizeBytes)),
  pulls: (tag) => tag.pulls,
  "last pulled": (tag) => tag.lastPulledAt,
};

const CHANGE_COLUMNS: Columns<ApiTagChange> = {
  time: (change) => change.time,
  by: ({ cause, digest, otherPlace }) =>
    otherPlace === null ? cause : `${cause} ${digest === null ? "to" : "from"} ${otherPlace}`,
  digest: (change) => change.digest ?? "deleted",
  from: (change) => change.from,
  who: (change) => change.actor,
  address: (change) => change.address,
  reason: (change) => change.reason,
};

const DAY = "2026-05-01T12:00Z";

interface RollBackFlags {
  readonly to?: string;
  readonly steps?: number;
  readonly at?: number;
}

/** `berth tag …` */
export function registerTagCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program
    .command("tag")
    .description(
      "look at tags and their history; point one where it pointed before; move and delete some; keep one from retention",
    );
  const noun = new Noun(command, surroundings)
    .verb("list <repository>", "list the tags of a repository", async ({ client, out }, repository = "") =>
      out.list(await client.list<ApiListedTag>(at`/repositories/${repository}/tags`), TAG_COLUMNS),
    )
    .verb<DeleteFlags>(
      "delete <repository[:tag]> [tags]",
      "delete a tag such as team/app:1.0, or all of a repository that match a pattern such as 'pr-*'; they can be had back from the bin",
      (work, first = "", second) => deleteMany(work, doomedTags(first, second), surroundings.terminal),
      deleting,
    )
    .verb<{ limit?: number }>(
      "history <tag>",
      "list when a tag such as team/app:prod was made, moved and deleted, the newest first",
      async ({ client, out, flags: { limit = 100 } }, reference = "") => {
        const query = { limit: Math.min(limit, 1000) };
        const changes: ApiTagChange[] = [];
        for await (const some of client.pages<ApiTagChange>(`${pathOf(reference)}/history`, query)) {
          changes.push(...some);
          if (changes.length >= limit) break;
        }
        out.list(changes.slice(0, limit), CHANGE_COLUMNS);
      },
      (verb) => takingTag(verb).option("--limit <number>", "how many at most (default: 100)", parseCount),
    )
    .verb<{ at?: number }>(
      "resolve <tag>",
      "print what a tag points at, or pointed at then, as <repository>@<digest>",
      async ({ client, out, flags }, reference = "") => {
        const tag = await client.get<ApiTag>(pathOf(reference), { at: timeText(flags.at) });
        const { repository } = parseTagReference(reference);
        out.text(`${repository}@${tag.digest}\n`, tag);
      },
      (verb) => takingTag(verb).option("--at <time>", `the time, such as ${DAY}, or 24h for a day ago`, parseTime),
    )
    .verb<RollBackFlags>(
      "rollback <tag>",
      "point a tag where it pointed before its last change, or as an option says",
      async ({ client, out, flags, confirm }, reference = "") => {
        const target = targetOf(flags);
        await confirm(`Point ${reference} ${wordsOf(flags)}?`);
        const tag = await client.post<ApiTag>(`${pathOf(reference)}/rollback`, target);
        out.done(`${reference} points at ${tag.digest}.`, tag);
      },
      (verb) =>
        takingTag(verb)
          .option("--to <digest>", "at this manifest of the repository")
          .option("--steps <number>", "where it pointed so many changes ago (default: 1)", parseCount)
          .option("--at <time>", `where it pointed then, such as ${DAY}, or 24h for a day ago`, parseTime),
    );
  addTagMoveVerbs(noun, surroundings.terminal);
  addKeepVerbs(noun);
}

/** `team/app:1.0`, or `team/app` and a pattern. @throws UsageError */
function doomedTags(first: string, second: string | undefined): ManyDoomed {
  if (second !== undefined) return { repositories: first, tags: second };
  const [, repositories, tags] = /^([^:@]+):([^:@/]+)$/.exec(first) ?? [];
  if (repositories !== undefined && tags !== undefined) return { repositories, tags };
  throw new UsageError("Say which tags: team/app:1.0, or team/app 'pr-*'");
}

function pathOf(reference: string): string {
  const { repository, tag } = parseTagReference(reference);
  return at`/repositories/${repository}/tags/${tag}`;
}

/** What is no tag is told before anything is asked. */
function takingTag(verb: Command): Command {
  verb.registeredArguments[0]?.argParser((text) => {
    parseTagReference(text);
    return text;
  });
  return verb;
}

function targetOf({ to: digest, steps, at: atMs }: RollBackFlags): object {
  if (digest !== undefined) return { digest, steps, at: timeText(atMs) };
  if (atMs !== undefined) return { steps, at: timeText(atMs) };
  return { steps: steps ?? 1 };
}

function wordsOf({ to, steps = 1, at: atMs }: RollBackFlags): string {
  if (to !== undefined) return `at ${to}`;
  if (atMs !== undefined) return `where it pointed at ${timeText(atMs)}`;
  return steps === 1 ? "where it pointed before its last change" : `where it pointed ${steps} changes ago`;
}

function timeText(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("It is no number above 0.");
}
