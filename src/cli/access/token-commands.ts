import type { Command } from "commander";
import type { ApiCreatedSecret, ApiSecret } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { ApiClient, at } from "../remote/api-client.ts";
import { connectionTo, findUser } from "../remote/connect.ts";
import { Noun, SERVER_OPTION, tellingPerson } from "../remote/noun.ts";
import { Output } from "../remote/output.ts";
import { tokenEndOption } from "../remote/parse-end.ts";
import type { Person } from "../remote/person.ts";
import type { Columns } from "../table.ts";

export const SECRET_COLUMNS: Columns<ApiSecret> = {
  id: (secret) => secret.id,
  name: (secret) => secret.name,
  "good for": (secret) =>
    secret.limits.map(({ pathPattern, actions }) => `${pathPattern} (${actions.join(", ")})`).join("; ") ||
    "everything",
  expires: (secret) => secret.expiresAt ?? "never",
  "last used": (secret) => secret.lastUsedAt,
};

interface NewTokenFlags {
  readonly server?: string;
  readonly json?: boolean;
  readonly path?: string;
  readonly actions?: string;
  readonly expires: string | null;
}

/** `berth token …` */
export function registerTokenCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("token").description("administer your own personal tokens");
  registerCreate(command, surroundings);
  new Noun(command, surroundings)
    .verb("list", "list your own tokens", async ({ client, out }) =>
      out.list(await client.list<ApiSecret>("/me/tokens"), SECRET_COLUMNS),
    )
    .verb("revoke <id>", "revoke a token", async ({ client, out, confirm }, id = "") => {
      await confirm(`Revoke token ${id}?`);
      await client.delete(at`/me/tokens/${id}`);
      out.done(`Revoked token ${id}.`);
    });
}

/** A token makes no other tokens, so this asks for the password also where somebody is signed in. */
function registerCreate(token: Command, { terminal, setExitCode }: CommandSurroundings): void {
  token
    .command("create <name>")
    .description("make a token, which is shown once; asks for the password, unless BERTH_PASSWORD has it")
    .option("--path <pattern>", "what it is good for at most, such as team/** (default: everything)")
    .option("--actions <list>", "with --path: what may be done there, such as pull,push (default: pull)")
    .addOption(tokenEndOption())
    .option(...SERVER_OPTION)
    .option("--json", "write JSON")
    .action(async (name: string, flags: NewTokenFlags) => {
      const work = async (person: Person) => {
        const { server, username } = await findUser({ server: flags.server }, terminal.env, person);
        const secret =
          terminal.env["BERTH_PASSWORD"] ||
          (await person.askSecret(`Password of ${username}: `, "give it by BERTH_PASSWORD"));
        const made = await createToken(new ApiClient(connectionTo(server, { username, secret })), name, flags);
        new Output(terminal.stdout, flags.json ?? false).text(`${made.secret}\n`, made);
      };
      setExitCode(await tellingPerson(terminal, work));
    });
}

function createToken(client: ApiClient, name: string, flags: NewTokenFlags): Promise<ApiCreatedSecret> {
  const { path: pathPattern, actions = "pull", expires: expiresAt } = flags;
  const limits = pathPattern === undefined ? [] : [{ pathPattern, actions: actions.split(",") }];
  return client.post<ApiCreatedSecret>("/me/tokens", { name, limits, expiresAt });
}
