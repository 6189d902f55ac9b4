import type { Command } from "commander";
import type { ApiCreatedSecret, ApiSecret } from "../http/index.ts";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { at } from "./remote/api-client.ts";
import { Noun } from "./remote/noun.ts";
import { parseEnd } from "./remote/parse-end.ts";
import type { Columns } from "./table.ts";

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
  readonly path?: string;
  readonly actions?: string;
  readonly expires: string | null;
}

/** `berth token …` */
export function registerTokenCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("token").description("administer one's own personal tokens");
  new Noun(command, surroundings)
    .verb("list", "list one's own tokens", async ({ client, out }) =>
      out.list(await client.list<ApiSecret>("/me/tokens"), SECRET_COLUMNS),
    )
    .verb<NewTokenFlags>(
      "create <name>",
      "make a token, which is shown once; for who signed in with BERTH_USERNAME and the password as BERTH_PASSWORD",
      async ({ client, out, flags }, name = "") => {
        const actions = (flags.actions ?? "pull").split(",");
        const limits = flags.path === undefined ? [] : [{ pathPattern: flags.path, actions }];
        const made = await client.post<ApiCreatedSecret>("/me/tokens", { name, limits, expiresAt: flags.expires });
        out.text(`${made.secret}\n`, made);
      },
      (verb) =>
        verb
          .option("--path <pattern>", "what it is good for at most, such as team/** (default: everything)")
          .option("--actions <list>", "with --path: what may be done there, such as pull,push (default: pull)")
          .option("--expires <time>", "when it ends: 90d, 2027-01-31 or never", parseEnd, parseEnd("90d")),
    )
    .verb("revoke <id>", "revoke a token", async ({ client, out, confirm }, id = "") => {
      await confirm(`Revoke token ${id}?`);
      await client.delete(at`/me/tokens/${id}`);
      out.done(`Revoked token ${id}.`);
    });
}
