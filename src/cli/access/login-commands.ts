import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Command } from "commander";
import type { ApiCreatedSecret, ApiMe } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { ApiClient, ApiRefusal, at } from "../remote/api-client.ts";
import { changePassword } from "./password-command.ts";
import { connectionTo, findServer } from "../remote/connect.ts";
import { type Credentials, CredentialsFile } from "../remote/credentials-file.ts";
import { Noun, telling, tellingPerson } from "../remote/noun.ts";
import { tokenEndOption } from "../remote/parse-end.ts";
import type { Person } from "../remote/person.ts";
import type { Columns } from "../table.ts";

interface LoginFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly token?: boolean;
  readonly expires: string | null;
}

const ME_COLUMNS: Columns<ApiMe> = {
  "signed in as": (me) => me.subject ?? me.name ?? "nobody in particular",
  "system role": (me) => me.systemRole,
  groups: (me) => me.groups.join(", "),
};

/** `berth login`, `logout` and `whoami`. */
export function registerLoginCommands(program: Command, surroundings: CommandSurroundings): void {
  const { terminal, setExitCode } = surroundings;
  program
    .command("login [server]")
    .description("sign in to a registry: makes a personal token and keeps it in a file that only you can read")
    .option("-u, --username <name>", "who signs in")
    .option("--password-stdin", "read the password, or the token, from standard input")
    .option("--token", "it is a personal token or a robot's secret, to be kept as it is")
    .addOption(tokenEndOption())
    .action(async (server: string | undefined, flags: LoginFlags) =>
      setExitCode(await tellingPerson(terminal, (person) => login(server, flags, { person, surroundings }))),
    );
  program
    .command("logout [server]")
    .description("take back the token that login made, and forget it")
    .action(async (server: string | undefined) =>
      setExitCode(await telling(() => logout(server, surroundings), terminal)),
    );
  new Noun(program, surroundings).verb("whoami", "say as whom you are signed in", async ({ client, out }) =>
    out.record(await client.get<ApiMe>("/me"), ME_COLUMNS),
  );
}

interface Login {
  readonly person: Person;
  readonly surroundings: CommandSurroundings;
}

async function login(named: string | undefined, flags: LoginFlags, { person, surroundings }: Login): Promise<void> {
  const { env, stdout } = surroundings.terminal;
  const file = new CredentialsFile(env);
  const server = await findServer(named, env, file);
  const username = flags.username ?? (await person.ask("User name: "));
  const secret = flags.passwordStdin
    ? await person.readPiped()
    : await person.askSecret(flags.token ? "Token: " : "Password: ");
  const credentials = flags.token
    ? await requireGood(server, { username, secret })
    : await makeToken(server, { username, secret }, { person, expires: flags.expires });
  const former = await file.find(server);
  await file.put(server, credentials);
  if (former) await revoke(server, former).catch(() => undefined);
  stdout.write(`Signed in to ${server} as ${username}; the token is kept in ${file.path}.\n`);
}

async function requireGood(server: string, credentials: Credentials): Promise<Credentials> {
  await new ApiClient(connectionTo(server, credentials)).get<ApiMe>("/me");
  return credentials;
}

interface TokenWish {
  readonly person: Person;
  readonly expires: string | null;
}

/** A password is not kept: a token can be taken back alone. */
async function makeToken(
  server: string,
  credentials: Credentials,
  { person, expires }: TokenWish,
): Promise<Credentials> {
  const { username } = credentials;
  const name = `berth ${hostname()
    .replaceAll(/[^\w.-]/g, "-")
    .slice(0, 40)} ${randomBytes(3).toString("hex")}`;
  const make = (secret: string) =>
    new ApiClient(connectionTo(server, { username, secret })).post<ApiCreatedSecret>("/me/tokens", {
      name,
      expiresAt: expires,
    });
  const made = await make(credentials.secret).catch(async (error: unknown) => {
    if (!(error instanceof ApiRefusal) || error.kind !== "password-change-needed" || !person.isThere) throw error;
    return make(await changePassword(server, credentials, person));
  });
  return { username, secret: made.secret, tokenId: made.id };
}

async function logout(named: string | undefined, { terminal }: CommandSurroundings): Promise<void> {
  const file = new CredentialsFile(terminal.env);
  const server = await findServer(named, terminal.env, file);
  const credentials = await file.find(server);
  if (!credentials) {
    terminal.stdout.write(`You are not signed in to ${server}.\n`);
    return;
  }
  await file.remove(server);
  await revoke(server, credentials).catch((error: Error) => {
    terminal.stderr.write(`warning: the token is forgotten here, but it could not be taken back: ${error.message}\n`);
  });
  terminal.stdout.write(`Signed out of ${server}.\n`);
}

async function revoke(server: string, credentials: Credentials): Promise<void> {
  if (credentials.tokenId === undefined) return;
  await new ApiClient(connectionTo(server, credentials)).delete(at`/me/tokens/${String(credentials.tokenId)}`);
}
