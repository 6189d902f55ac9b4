import type { Command } from "commander";
import type { ApiJob } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { type DeleteFlags, deleteMany, tellRefusals } from "./delete-many.ts";
import { addMoveVerbs } from "./move-verbs.ts";
import { DELETION_DETAILS } from "../upkeep/job-report.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";

/** `berth repository …` */
export function registerRepositoryCommands(program: Command, surroundings: CommandSurroundings): void {
  const { terminal } = surroundings;
  const command = program.command("repository").description("delete repositories, and give them other names");
  const noun = new Noun(command, surroundings);
  addMoveVerbs(noun, terminal);
  noun
    .verb<DeleteFlags>(
      "delete <repository>",
      "delete a repository, or with 'team/old/**' team/old and all below it; it can be had back from the bin",
      (work, repositories = "") => deleteMany(work, { repositories }, terminal),
      deleting,
    )
    .verb("deletion <id>", "show how far a deletion is, and what was refused", async ({ client, out }, id = "") => {
      const job = await client.get<ApiJob>(at`/deletions/${id}`);
      out.record(job, DELETION_DETAILS);
      tellRefusals(job, terminal);
    })
    .verb(
      "cancel-deletion <id>",
      "end a deletion: what is gone by then stays gone",
      async ({ client, out }, id = "") => {
        const job = await client.post<ApiJob>(at`/deletions/${id}/cancel`, {});
        out.done(job.state === "cancelled" ? `Cancelled deletion ${id}.` : `Deletion ${id} is told to end.`, job);
      },
    );
}

/** For every command that deletes many. */
export function deleting(verb: Command): Command {
  return verb
    .option("-d, --dry-run", "say what would go, and what would stay and why; delete nothing")
    .option("--no-wait", "do not wait until it is done");
}
