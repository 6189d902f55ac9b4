import type { Command } from "commander";
import type { ApiDeleteRequest } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiDeleteRequest> = {
  request: ({ id }) => id,
  where: ({ path }) => path,
  what: showSubject,
  "asked for by": ({ requestedBy }) => requestedBy,
  asked: ({ requestedAt }) => requestedAt,
  until: ({ expiresAt }) => expiresAt,
};

/** `berth approval …` */
export function registerApprovalCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("approval").description("decide about deletes that others have asked for");
  new Noun(command, surroundings)
    .verb("list", "list the deletes that wait for a second person, the newest first", async ({ client, out }) =>
      out.list(await client.list<ApiDeleteRequest>("/approvals"), COLUMNS),
    )
    .verb("approve <request>", "approve a delete, which is done then", async ({ client, out, confirm }, id = "") => {
      await confirm(`Approve request ${id}, so that it is deleted?`);
      const approved = await client.post<ApiDeleteRequest>(at`/approvals/${id}/approve`, {});
      out.done(`Approved: ${showSubject(approved)} of ${approved.path}.`, approved);
    })
    .verb("refuse <request>", "refuse a delete, also one's own", async ({ client, out }, id = "") => {
      const refused = await client.post<ApiDeleteRequest>(at`/approvals/${id}/refuse`, {});
      out.done(`Refused: ${showSubject(refused)} of ${refused.path} stays.`, refused);
    });
}

/** What a client deletes by a tag is named by that alone. */
export function showSubject({ subject }: Pick<ApiDeleteRequest, "subject">): string {
  if (/^\w[\w.-]*$/.test(subject)) return `tag ${subject}`;
  return subject.replace(/^\*\*$/, "all repositories").replace(/^\*\* (.*)$/, "$1 of all below");
}
