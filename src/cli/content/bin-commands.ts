import type { Command } from "commander";
import type { ApiBinEmptied, ApiBinEntry, ApiBinRestored } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { count, formatBytes } from "../quantities.ts";
import { type ApiClient, ApiRefusal, at } from "../remote/api-client.ts";
import { NotDone } from "../remote/not-done.ts";
import { parseTime } from "../remote/parse-time.ts";
import { UsageError } from "../remote/usage-error.ts";
import { Noun, type Work } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiBinEntry> = {
  entry: (entry) => entry.id,
  what: (entry) => entry.kind,
  repository: (entry) => entry.repository,
  tags: (entry) => entry.tags.join(", "),
  digest: (entry) => entry.digest,
  deleted: (entry) => entry.deletedAt,
  "kept until": (entry) => entry.expiresAt,
  who: (entry) => entry.actor,
};

const DETAILS: Columns<ApiBinEntry> = {
  ...COLUMNS,
  address: (entry) => entry.address,
  "media type": (entry) => entry.mediaType,
  "manifest size": (entry) => formatBytes(entry.sizeBytes),
};

interface RepositoryFlags {
  readonly repository?: string;
}

interface RestoreFlags extends RepositoryFlags {
  readonly force?: boolean;
  readonly since?: number;
}

/** `berth bin …` */
export function registerBinCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("bin").description("look at what was deleted, and bring it back");
  new Noun(command, surroundings)
    .verb<RepositoryFlags>(
      "list",
      "list what can be had back, the newest first",
      async ({ client, out, flags: { repository } }) =>
        out.list(await client.list<ApiBinEntry>("/bin", { repository }), COLUMNS),
      ofRepository,
    )
    .verb("show <entry>", "show what was deleted, by whom and when", async ({ client, out }, entry = "") =>
      out.record(await client.get<ApiBinEntry>(at`/bin/${entry}`), DETAILS),
    )
    .verb<RestoreFlags>(
      "restore [entry]",
      "bring back a manifest with its tags, or a tag; or all of a repository, the last that was deleted first",
      async (work, entry) => {
        const { client, out, flags } = work;
        if (entry === undefined) return restoreAll(work);
        const { force = false } = flags;
        const restored = await client.post<ApiBinRestored>(at`/bin/${entry}/restore`, { force });
        const { repository, digest, tags } = restored;
        const named = tags.length === 0 ? "" : ` with ${tags.length > 5 ? count(tags.length, "tag") : tags.join(", ")}`;
        out.done(`${repository}@${digest} is back${named}.`, restored);
      },
      (verb) =>
        ofRepository(verb)
          .option("--since <time>", "only what was deleted since then, such as 2026-05-01T12:00Z or 1h", parseTime)
          .option("--force", "move back tags that point elsewhere by now, and bring back what is not whole any more"),
    )
    .verb<RepositoryFlags>(
      "empty [entry]",
      "remove an entry for good, or everything; its space is freed by the next clean-up",
      async ({ client, out, flags: { repository }, confirm }, entry) => {
        const what =
          entry === undefined ? `everything in the bin${repository ? ` of ${repository}` : ""}` : `entry ${entry}`;
        await confirm(`Remove ${what} for good?`);
        const removed = entry === undefined ? await emptyAll(client, repository) : 1;
        if (entry !== undefined) await client.delete(at`/bin/${entry}`);
        out.done(`Removed ${removed === 1 ? "an entry" : `${removed} entries`} for good.`, { removed });
      },
      ofRepository,
    );
}

function ofRepository(verb: Command): Command {
  return verb.option("--repository <name>", "only what was deleted there");
}

/** An index was deleted before what it names, so that all of it comes back in this order. */
async function restoreAll({ client, out, flags, confirm }: Work<RestoreFlags>): Promise<void> {
  const { repository, since = 0, force = false } = flags;
  if (repository === undefined) throw new UsageError("Say an entry, or --repository and perhaps --since.");
  const when = flags.since === undefined ? "" : ` since ${new Date(since).toISOString()}`;
  await confirm(`Restore everything that was deleted in ${repository}${when}?`);
  let [restored, refused] = [0, 0];
  for await (const entries of client.pages<ApiBinEntry>("/bin", { repository })) {
    for (const { id, deletedAt } of entries) {
      if (Date.parse(deletedAt) < since) continue;
      const problem = await client.post(at`/bin/${String(id)}/restore`, { force }).then(() => undefined, refusalText);
      if (problem === undefined) restored += 1;
      else refused += 1;
      if (problem !== undefined) out.done(`Entry ${id} stays in the bin: ${problem}`);
    }
  }
  out.done(`Restored ${count(restored, "entry")} of ${repository}.`, { restored, refused });
  if (refused > 0) throw new NotDone(1, `${count(refused, "entry")} stayed in the bin.`);
}

function refusalText(error: unknown): string {
  if (error instanceof ApiRefusal && error.problem.status === 409) return error.problem.detail;
  throw error;
}

/** In parts, as others wait meanwhile. @returns how many there were */
async function emptyAll(client: ApiClient, repository: string | undefined): Promise<number> {
  for (let sum = 0; ;) {
    const { removed, hasMore } = await client.post<ApiBinEmptied>("/bin/empty", { repository });
    sum += removed;
    if (!hasMore) return sum;
  }
}
