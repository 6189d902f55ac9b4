import type { Command } from "commander";
import type { ApiMember, ApiNamespace } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath, parseNode, parseSubject, showNode } from "../remote/names.ts";
import { addQuotaVerb } from "../upkeep/quota-commands.ts";
import { Noun, oneOf } from "../remote/noun.ts";
import { addSettingVerbs } from "../upkeep/setting-commands.ts";
import type { Columns } from "../table.ts";

const NAMESPACE_COLUMNS: Columns<ApiNamespace> = {
  path: (node) => showNode(node.path),
  visibility: (node) => node.settings.visibility.value,
  "said by": whoSaysVisibility,
};

function whoSaysVisibility({ path, settings: { visibility } }: ApiNamespace): string {
  if (visibility.origin === null) return "nobody: so by default";
  return visibility.origin === path ? "itself" : showNode(visibility.origin);
}

const MEMBER_COLUMNS: Columns<ApiMember> = {
  subject: (member) => member.subject,
  role: (member) => member.role,
  "given on": (member) => showNode(member.origin),
};

const ROLES: readonly ApiMember["role"][] = ["reader", "writer", "maintainer", "owner"];
const VISIBILITIES: readonly (ApiNamespace["settings"]["visibility"]["value"] | "inherit")[] = [
  "public",
  "internal",
  "private",
  "inherit",
];

/** `berth namespace …` */
export function registerNamespaceCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program
    .command("namespace")
    .description("administer the tree of namespaces: who sees it, who is what in it; its root is /");
  const noun = new Noun(command, surroundings);
  noun
    .verb(
      "list [parent]",
      "list the namespaces right below another, or below the root",
      async ({ client, out }, parent = "/") =>
        out.list(await client.list<ApiNamespace>("/namespaces", { parent: parseNode(parent) }), NAMESPACE_COLUMNS),
    )
    .verb(
      "show <namespace>",
      "show what holds for a namespace, and which one says so",
      async ({ client, out }, node = "") =>
        out.record(await client.get<ApiNamespace>(at`/namespaces/${nodeInPath(node)}`), NAMESPACE_COLUMNS),
    )
    .verb(
      "set-visibility <namespace> <visibility>",
      "say who may pull: public, internal (whoever is signed in), private, or inherit",
      async ({ client, out, confirm }, node = "", visibility = "") => {
        if (visibility === "public") await confirm(`Let everybody pull from ${node}?`);
        const change = { visibility: visibility === "inherit" ? null : visibility };
        const changed = await client.put<ApiNamespace>(at`/namespaces/${nodeInPath(node)}`, change);
        out.done(`${node} is ${changed.settings.visibility.value}.`, changed);
      },
      (verb) => oneOf(verb, "visibility", VISIBILITIES),
    )
    .verb(
      "delete <namespace>",
      "remove what a namespace says itself, its members and settings included; repositories stay",
      async ({ client, out, confirm }, node = "") => {
        await confirm(`Remove the settings and members of ${node}?`);
        await client.delete(at`/namespaces/${nodeInPath(node)}`);
        out.done(`${node} says nothing itself any more.`);
      },
    )
    .verb("members <namespace>", "list who has a role, there or from above", async ({ client, out }, node = "") =>
      out.list(await client.list<ApiMember>(at`/namespaces/${nodeInPath(node)}/members`), MEMBER_COLUMNS),
    )
    .verb(
      "set-role <namespace> <subject> <role>",
      "let a user, robot:…, group:…, source:… or signed-in be reader, writer, maintainer or owner",
      async ({ client, out }, node = "", subject = "", role = "") => {
        const member = await client.put<ApiMember>(
          at`/namespaces/${nodeInPath(node)}/members/${parseSubject(subject)}`,
          { role },
        );
        out.done(`${member.subject} is ${member.role} of ${node}.`, member);
      },
      (verb) => oneOf(verb, "role", ROLES),
    )
    .verb(
      "remove-role <namespace> <subject>",
      "take back a role that was given there",
      async ({ client, out, confirm }, node = "", subject = "") => {
        await confirm(`Take back the role of ${subject} on ${node}?`);
        await client.delete(at`/namespaces/${nodeInPath(node)}/members/${parseSubject(subject)}`);
        out.done(`${subject} has no role of ${node} itself any more.`);
      },
    );
  addSettingVerbs(noun);
  addQuotaVerb(noun);
}
