import type { Command } from "commander";
import type { ApiExplanation, ApiGrant } from "../../http/index.ts";
import { describeExplanation } from "./access-report.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { at } from "../remote/api-client.ts";
import { parseSubject } from "../remote/names.ts";
import { Noun } from "../remote/noun.ts";
import { END_OPTION } from "../remote/parse-end.ts";
import type { Columns } from "../table.ts";

const GRANT_COLUMNS: Columns<ApiGrant> = {
  id: (grant) => grant.id,
  subject: (grant) => grant.subject,
  path: (grant) => grant.pathPattern,
  tags: (grant) => grant.tagPattern ?? "all",
  actions: (grant) => grant.actions.join(", "),
  expires: (grant) => grant.expiresAt ?? "never",
};

interface GrantFlags {
  readonly tags?: string;
  readonly expires?: string | null;
}

/** `berth access …` */
export function registerAccessCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("access").description("say who may do what and why; administer grants");
  new Noun(command, surroundings)
    .verb<{ tag?: string }>(
      "explain <subject> <repository> <action>",
      "say why somebody may do something, or may not; anonymous is who is not signed in",
      async ({ client, out, flags: { tag } }, subject = "", repository = "", action = "") => {
        const query = { subject: parseSubject(subject), repository, action, tag };
        const explanation = await client.get<ApiExplanation>("/access/explain", query);
        out.text(describeExplanation(explanation, { subject, repository, action }), explanation);
      },
      (verb) => verb.option("--tag <tag>", "the tag that it is about"),
    )
    .verb<{ subject?: string }>(
      "grants",
      "list grants",
      async ({ client, out, flags }) => {
        const subject = flags.subject === undefined ? undefined : parseSubject(flags.subject);
        out.list(await client.list<ApiGrant>("/grants", { subject }), GRANT_COLUMNS);
      },
      (verb) => verb.option("--subject <subject>", "only those of a user, robot:…, group:…, source:… or signed-in"),
    )
    .verb<GrantFlags>(
      "grant <subject> <pattern> <actions>",
      "grant actions such as pull,push on what matches a pattern such as team/** or team/*-prod",
      async ({ client, out, flags }, subject = "", pathPattern = "", actions = "") => {
        const { tags: tagPattern = null, expires: expiresAt = null } = flags;
        const wanted = {
          subject: parseSubject(subject),
          pathPattern,
          tagPattern,
          actions: actions.split(","),
          expiresAt,
        };
        const grant = await client.post<ApiGrant>("/grants", wanted);
        out.done(`Granted as no. ${grant.id}.`, grant);
      },
      (verb) => verb.option("--tags <pattern>", "only for tags such as release-* (default: all)").option(...END_OPTION),
    )
    .verb("revoke <id>", "take back a grant", async ({ client, out, confirm }, id = "") => {
      await confirm(`Take back grant ${id}?`);
      await client.delete(at`/grants/${id}`);
      out.done(`Took back grant ${id}.`);
    });
}
