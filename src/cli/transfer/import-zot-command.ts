import { resolve } from "node:path";
import { importFromZot, type ZotRepository, type ZotSummary } from "../../app/index.ts";
import { localActor } from "../local-actor.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, EXIT_DATA, type Terminal } from "../terminal.ts";

export interface ZotImportCommand {
  readonly directory: string;
  readonly configPath: string | undefined;
  readonly json: boolean;
}

/** `berth import zot`: brings all its repositories in; returns the exit code. */
export async function importZotCommand(command: ZotImportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.configPath, terminal);
  if (!loaded) return EXIT_CONFIG;
  try {
    const summary = await importFromZot(loaded.config, {
      folder: resolve(command.directory),
      actor: localActor(),
      signal: new StopRequest().signal,
      report: (repository) => void terminal.stderr.write(`${describeRepository(repository)}\n`),
    });
    terminal.stdout.write(command.json ? `${JSON.stringify(summary)}\n` : describe(summary));
    return summary.leftOut.length > 0 ? EXIT_DATA : 0;
  } catch (error) {
    return tellFault(error, terminal);
  }
}

function describeRepository({ position, total, repository, images, fault }: ZotRepository): string {
  return `[${position}/${total}] ${repository}: ${fault === undefined ? count(images, "image") : `left out, ${fault}`}`;
}

function describe({ repositories, images, manifests, newBlobs, newBytes, leftOut }: ZotSummary): string {
  const content = `${count(manifests, "manifest")} and ${count(newBlobs, "new blob")} (${formatBytes(newBytes)})`;
  const lines = leftOut.map(({ repository, fault }) => `  ${repository}: ${fault}`);
  return [
    `Imported ${count(images, "image")} of ${count(repositories, "repository")} with ${content}, all verified.`,
    ...(lines.length > 0 ? ["Left out as a whole:", ...lines] : []),
    "",
  ].join("\n");
}
