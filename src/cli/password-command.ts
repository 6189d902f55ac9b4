import type { Command } from "commander";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { ApiClient } from "./remote/api-client.ts";
import { connectionTo, findServer } from "./remote/connect.ts";
import { type Credentials, CredentialsFile } from "./remote/credentials-file.ts";
import { readNewPassword } from "./remote/new-password.ts";
import { telling } from "./remote/noun.ts";
import { Person } from "./remote/person.ts";

/** `berth user change-password`, also for who cannot sign in before. */
export function registerPasswordCommand(user: Command, { terminal, setExitCode }: CommandSurroundings): void {
  user
    .command("change-password [name]")
    .description("change one's own password; all of one's sessions end, personal tokens stay")
    .option("--server <server>", "the registry (default: BERTH_SERVER, else the one that was signed in to last)")
    .action(async (name: string | undefined, flags: { server?: string }) => {
      const person = new Person(terminal);
      const work = async () => {
        const file = new CredentialsFile(terminal.env);
        const server = await findServer(flags.server, terminal.env, file);
        const username = name ?? (await file.find(server))?.username ?? (await person.ask("User name: "));
        await changePassword(server, { username, secret: await person.askSecret("Password: ") }, person);
        terminal.stdout.write(`${username} has a new password. Personal tokens stay: berth token list shows them.\n`);
      };
      setExitCode(await telling(work, terminal));
      await person.close();
    });
}

/** Asks for the new password, and makes it theirs. @returns it */
export async function changePassword(server: string, credentials: Credentials, person: Person): Promise<string> {
  const { password } = await readNewPassword({ person, flags: {} });
  const client = new ApiClient(connectionTo(server, credentials));
  await client.put("/me/password", { oldPassword: credentials.secret, newPassword: password });
  return password;
}
