import type { Command } from "commander";
import type { ApiGroup, ApiGroupMapping, ApiGroupMember } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

export const GROUP_COLUMNS: Columns<ApiGroup> = {
  name: (group) => group.name,
  description: (group) => group.description,
  made: (group) => group.createdAt,
};

const MEMBER_COLUMNS: Columns<ApiGroupMember> = {
  name: (member) => member.name,
  kind: (member) => member.kind,
  "said by": (member) => member.sources.join(", "),
};

const MAPPING_COLUMNS: Columns<ApiGroupMapping> = {
  source: (mapping) => mapping.source,
  "called there": (mapping) => mapping.externalName,
};

interface Fields {
  readonly description?: string;
  readonly name?: string;
}

/** `berth group …` */
export function registerGroupCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("group").description("administer groups");
  new Noun(command, surroundings)
    .verb("list", "list groups", async ({ client, out }) =>
      out.list(await client.list<ApiGroup>("/groups"), GROUP_COLUMNS),
    )
    .verb("show <name>", "show a group", async ({ client, out }, name = "") =>
      out.record(await client.get<ApiGroup>(at`/groups/${name}`), GROUP_COLUMNS),
    )
    .verb<Fields>(
      "create <name>",
      "make a group",
      async ({ client, out, flags: { description } }, name = "") =>
        out.done(`Made ${name}.`, await client.post<ApiGroup>("/groups", { name, description })),
      (verb) => verb.option("--description <text>", "what it is for"),
    )
    .verb<Fields>(
      "update <name>",
      "change a group; an empty description takes it away",
      async ({ client, out, flags }, name = "") => {
        const description = flags.description === "" ? null : flags.description;
        out.done(
          `Changed ${name}.`,
          await client.patch<ApiGroup>(at`/groups/${name}`, { name: flags.name, description }),
        );
      },
      (verb) => verb.option("--description <text>", "what it is for").option("--name <name>", "its new name"),
    )
    .verb("delete <name>", "delete a group with all that it was given", async ({ client, out, confirm }, name = "") => {
      await confirm(`Delete the group ${name} with its members, roles and grants?`);
      await client.delete(at`/groups/${name}`);
      out.done(`Deleted ${name}.`);
    })
    .verb("members <name>", "list who is in a group", async ({ client, out }, name = "") =>
      out.list(await client.list<ApiGroupMember>(at`/groups/${name}/members`), MEMBER_COLUMNS),
    )
    .verb(
      "add <name> <member>",
      "put a user or a robot into a group",
      async ({ client, out }, name = "", member = "") => {
        await client.put(at`/groups/${name}/members/${member}`);
        out.done(`${member} is in ${name}.`);
      },
    )
    .verb(
      "remove <name> <member>",
      "take a user or a robot out of a group",
      async ({ client, out }, name = "", member = "") => {
        await client.delete(at`/groups/${name}/members/${member}`);
        out.done(`${member} is out of ${name}.`);
      },
    )
    .verb(
      "mappings <name>",
      "list the groups of directories and providers that are this one",
      async ({ client, out }, name = "") =>
        out.list(await client.list<ApiGroupMapping>(at`/groups/${name}/mappings`), MAPPING_COLUMNS),
    )
    .verb(
      "map <name> <source> <external-name>",
      "let a group of ldap:<server> or oidc:<provider> be this one",
      async ({ client, out }, name = "", source = "", externalName = "") => {
        await client.put(at`/groups/${name}/mappings`, { source, externalName });
        out.done(`Whoever is in ${externalName} of ${source} is in ${name}, from their next sign-in on.`);
      },
    )
    .verb(
      "unmap <name> <source> <external-name>",
      "take a mapping back; who came in by it goes out",
      async ({ client, out, confirm }, name = "", source = "", externalName = "") => {
        await confirm(`Take all out of ${name} whom ${source} has put into it?`);
        await client.delete(at`/groups/${name}/mappings`, { source, externalName });
        out.done(`${externalName} of ${source} is ${name} no longer.`);
      },
    );
}
