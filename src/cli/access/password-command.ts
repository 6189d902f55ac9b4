import type { Command } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { ApiClient, ApiRefusal } from "../remote/api-client.ts";
import { connectionTo, findUser } from "../remote/connect.ts";
import type { Credentials } from "../remote/credentials-file.ts";
import { askNewPassword } from "../remote/new-password.ts";
import { SERVER_OPTION, tellingPerson } from "../remote/noun.ts";
import { NobodyToAsk, type Person } from "../remote/person.ts";

interface PasswordChange {
  readonly server?: string;
  readonly passwordStdin?: boolean;
}

/** `berth user change-password`, also for who cannot sign in before. */
export function registerPasswordCommand(user: Command, { terminal, setExitCode }: CommandSurroundings): void {
  user
    .command("change-password [name]")
    .description("change your own password; all your sessions end, personal tokens stay")
    .option(...SERVER_OPTION)
    .option("--password-stdin", "read the old password and the new one from standard input, a line each")
    .action(async (name: string | undefined, flags: PasswordChange) => {
      const work = async (person: Person) => {
        const { server, username } = await findUser({ name, server: flags.server }, terminal.env, person);
        if (flags.passwordStdin) await putPassword(server, username, await readTwoLines(person));
        else await changePassword(server, { username, secret: await person.askSecret("Password: ") }, person);
        terminal.stdout.write(
          `${username} has a new password. Personal tokens stay: ${COMMAND} token list shows them.\n`,
        );
      };
      setExitCode(await tellingPerson(terminal, work));
    });
}

/** Asks for a new password until it is good, and makes it theirs. @returns it */
export async function changePassword(server: string, credentials: Credentials, person: Person): Promise<string> {
  const { username, secret: oldPassword } = credentials;
  for (;;) {
    const newPassword = await askNewPassword(person);
    try {
      await putPassword(server, username, { oldPassword, newPassword });
      return newPassword;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.kind !== "bad-request") throw error;
      person.tell(error.message);
    }
  }
}

interface Passwords {
  readonly oldPassword: string;
  readonly newPassword: string;
}

async function readTwoLines(person: Person): Promise<Passwords> {
  const [oldPassword, newPassword, ...rest] = (await person.readPiped()).split(/\r?\n/);
  if (!oldPassword || !newPassword || rest.length > 0)
    throw new NobodyToAsk("Pipe in two lines: the old password, and the new one");
  return { oldPassword, newPassword };
}

async function putPassword(server: string, username: string, passwords: Passwords): Promise<void> {
  const client = new ApiClient(connectionTo(server, { username, secret: passwords.oldPassword }));
  await client.put("/me/password", passwords);
}
