import { type Command, Option } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { ApiGroup, ApiSecret, ApiUser } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { registerPasswordCommand } from "./password-command.ts";
import { at } from "../remote/api-client.ts";
import { type PasswordFlags, readNewPassword } from "../remote/new-password.ts";
import { Noun } from "../remote/noun.ts";
import { GROUP_COLUMNS } from "./group-commands.ts";
import type { Columns } from "../table.ts";
import { SECRET_COLUMNS } from "./token-commands.ts";

const USER_COLUMNS: Columns<ApiUser> = {
  name: (user) => user.name,
  source: (user) => user.source,
  "display name": (user) => user.displayName,
  "system role": (user) => user.systemRole,
  state: stateOf,
  "last used": (user) => user.lastUsedAt,
};

function stateOf({ isDisabled, mustChangePassword }: ApiUser): string {
  if (isDisabled) return "disabled";
  return mustChangePassword ? "must change password" : "active";
}

const USER_DETAILS: Columns<ApiUser> = {
  ...USER_COLUMNS,
  "e-mail": (user) => user.email,
  made: (user) => user.createdAt,
  changed: (user) => user.updatedAt,
};

/** Nothing takes the role away. */
const SYSTEM_ROLES = ["administrator", "auditor", ""];

interface FieldFlags {
  readonly displayName?: string;
  readonly email?: string;
  readonly systemRole?: string;
}

/** `berth user …` */
export function registerUserCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("user").description("administer users");
  registerPasswordCommand(command, surroundings);
  new Noun(command, surroundings)
    .verb("list", "list users", async ({ client, out }) => out.list(await client.list<ApiUser>("/users"), USER_COLUMNS))
    .verb("show <name>", "show a user", async ({ client, out }, name = "") =>
      out.record(await client.get<ApiUser>(at`/users/${name}`), USER_DETAILS),
    )
    .verb<FieldFlags & PasswordFlags>(
      "create <name>",
      "make a user, who must change the password before anything else, by berth login",
      async (work, name = "") => {
        const { displayName, email, systemRole } = work.flags;
        const { password, isGenerated } = await readNewPassword(work);
        const user = await work.client.post<ApiUser>("/users", { name, password, displayName, email, systemRole });
        const shown = isGenerated ? ` with the password ${password}` : "";
        const next = `Now ${user.name} chooses another password: ${COMMAND} login ${work.server} -u ${user.name}`;
        work.out.done(`Made ${user.name}${shown}.\n${next}`, isGenerated ? { ...user, password } : user);
      },
      (verb) => withPassword(withFields(verb)),
    )
    .verb<FieldFlags>(
      "update <name>",
      "change a user; an empty value takes away",
      async ({ client, out, flags }, name = "") => {
        const changes = Object.fromEntries(
          (["displayName", "email", "systemRole"] as const)
            .filter((field) => flags[field] !== undefined)
            .map((field) => [field, flags[field] || null]),
        );
        out.done(`Changed ${name}.`, await client.patch<ApiUser>(at`/users/${name}`, changes));
      },
      withFields,
    )
    .verb(
      "disable <name>",
      "take away all that a user can do, at once",
      async ({ client, out, confirm }, name = "") => {
        await confirm(`Disable ${name}?`);
        out.done(`Disabled ${name}.`, await client.patch<ApiUser>(at`/users/${name}`, { isDisabled: true }));
      },
    )
    .verb("enable <name>", "let a user in again", async ({ client, out }, name = "") =>
      out.done(`Enabled ${name}.`, await client.patch<ApiUser>(at`/users/${name}`, { isDisabled: false })),
    )
    .verb(
      "delete <name>",
      "delete a user with all that they were given",
      async ({ client, out, confirm }, name = "") => {
        await confirm(`Delete ${name} with memberships, roles, grants and tokens?`);
        await client.delete(at`/users/${name}`);
        out.done(`Deleted ${name}.`);
      },
    )
    .verb<PasswordFlags>(
      "reset-password <name>",
      "give a user a password that must be changed; all sessions and tokens end",
      async (work, name = "") => {
        const { password, isGenerated } = await readNewPassword(work);
        await work.client.put(at`/users/${name}/password`, { password });
        const shown = isGenerated ? `: ${password}` : "";
        work.out.done(
          `${name} has a new password, to be changed by ${COMMAND} login ${work.server} -u ${name}${shown}`,
          isGenerated ? { name, password } : { name },
        );
      },
      withPassword,
    )
    .verb("groups <name>", "list the groups that a user is in", async ({ client, out }, name = "") =>
      out.list(await client.list<ApiGroup>(at`/users/${name}/groups`), GROUP_COLUMNS),
    )
    .verb("tokens <name>", "list a user's personal tokens", async ({ client, out }, name = "") =>
      out.list(await client.list<ApiSecret>(at`/users/${name}/tokens`), SECRET_COLUMNS),
    )
    .verb(
      "revoke-token <name> <id>",
      "revoke a user's personal token",
      async ({ client, out, confirm }, name = "", id = "") => {
        await confirm(`Revoke token ${id} of ${name}?`);
        await client.delete(at`/users/${name}/tokens/${id}`);
        out.done(`Revoked token ${id} of ${name}.`);
      },
    );
}

function withFields(verb: Command): Command {
  return verb
    .option("--display-name <text>", "their name as people write it")
    .option("--email <address>", "their e-mail address")
    .addOption(new Option("--system-role <role>", "what they may do everywhere").choices(SYSTEM_ROLES));
}

function withPassword(verb: Command): Command {
  return verb
    .option("--password-stdin", "read the password from standard input")
    .option("--generate", "make a password and show it");
}
