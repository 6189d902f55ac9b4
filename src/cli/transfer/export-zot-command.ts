import { resolve } from "node:path";
import { exportToZot, type ZotExported, type ZotExportSummary } from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, EXIT_DATA, type Terminal } from "../terminal.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface ZotExportCommand {
  readonly repositories: readonly string[];
  readonly out: string;
  readonly configPath: string | undefined;
  readonly json: boolean;
}

/** `berth export zot`: writes repositories as a zot keeps them; returns the exit code. */
export async function exportZotCommand(command: ZotExportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.configPath, terminal);
  if (!loaded) return EXIT_CONFIG;
  const line = new TransferProgressLine(terminal.stderr);
  const folder = resolve(command.out);
  try {
    const summary = await exportToZot(loaded.config, {
      repositories: command.repositories,
      folder,
      signal: new StopRequest().signal,
      onProgress: (progress) => line.updateTransfer({ ...progress, verb: "written" }),
      report(repository) {
        line.clear();
        terminal.stderr.write(`${describeRepository(repository)}\n`);
      },
    });
    terminal.stdout.write(command.json ? `${JSON.stringify(summary)}\n` : describe(summary, folder));
    return summary.leftOut.length > 0 ? EXIT_DATA : 0;
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

function describeRepository({ position, total, repository, tags, manifests, fault }: ZotExported): string {
  const content = `${count(tags, "tag")}, ${count(manifests, "manifest")}`;
  return `[${position}/${total}] ${repository}: ${fault === undefined ? content : `left out, ${fault}`}`;
}

function describe(summary: ZotExportSummary, folder: string): string {
  const { repositories, tags, manifests, blobs, totalBytes, keptBytes, leftOut } = summary;
  const content = [count(repositories, "repository"), count(tags, "tag"), count(manifests, "manifest")];
  const kept = keptBytes > 0 ? ` ${formatBytes(keptBytes)} of them were there already.` : "";
  const lines = leftOut.map(({ repository, fault }) => `  ${repository}: ${fault}`);
  return [
    `Wrote ${content.join(", ")} and ${count(blobs, "blob")} (${formatBytes(totalBytes)}) to ${folder}, all verified.${kept}`,
    ...(lines.length > 0 ? ["Left out as a whole:", ...lines] : []),
    "",
  ].join("\n");
}
