import type { Command } from "commander";
import type { ApiMaintenance } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { parseEnd } from "../remote/parse-end.ts";
import { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiMaintenance> = {
  mode: ({ isReadOnly }) => (isReadOnly ? "read-only" : "pushes and pulls"),
  "said by": ({ source, by }) => (source === "configuration" ? "the configuration" : (by ?? "")),
  reason: ({ reason }) => reason ?? "",
  since: ({ since }) => since ?? "",
  until: ({ until, since }) => until ?? (since === null ? "" : "somebody ends it"),
};

interface OnFlags {
  readonly reason?: string;
  readonly for?: string | null;
}

/** `berth maintenance …` */
export function registerMaintenanceCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program
    .command("maintenance")
    .description("let the registry serve pulls only, and take changes again, while it runs");
  new Noun(command, surroundings)
    .verb<OnFlags>(
      "on",
      "refuse pushes, deletes and other changes of content, in all processes; pulls go on, jobs wait",
      async ({ client, out, flags }) => {
        const wish = { reason: flags.reason ?? null, until: flags.for ?? null };
        const state = await client.put<ApiMaintenance>("/maintenance", wish);
        out.done(`The registry serves pulls only${state.until === null ? "" : ` until ${state.until}`}.`, state);
      },
      (verb) =>
        verb
          .option("--reason <reason>", "what whoever wants to push is told")
          .option("--for <time>", "end it by itself after this time: 2h, 30m, or at 2027-01-31T12:00Z", parseEnd),
    )
    .verb("off", "take changes again", async ({ client, out }) => {
      await client.delete("/maintenance");
      const state = await client.get<ApiMaintenance>("/maintenance");
      out.done(
        state.isReadOnly
          ? "It is off here; the configuration still says so: storage.maintenance.readonly.enabled"
          : "The registry takes changes.",
        state,
      );
    })
    .verb("status", "show whether the registry only serves pulls, and why", async ({ client, out }) =>
      out.record(await client.get<ApiMaintenance>("/maintenance"), COLUMNS),
    );
}
