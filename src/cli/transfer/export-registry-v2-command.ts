import { resolve } from "node:path";
import {
  type CopyProgress,
  type ExportedRepository,
  exportToRegistryV2,
  type RegistryV2Summary,
} from "../../app/index.ts";
import { describeRegistryV2Export } from "./export-registry-v2-report.ts";
import { count } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_AGAIN, EXIT_CONFIG, EXIT_DATA, type Terminal } from "../terminal.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface RegistryV2ExportCommand {
  readonly path: string | undefined;
  /** The folder to which all is copied; absent: it is written into the data directory itself. */
  readonly out: string | undefined;
  /** Names and patterns; none: all. */
  readonly repositories: readonly string[];
  readonly prune: boolean;
  readonly json: boolean;
}

/** `berth export registry-v2`: gives the data directory back to registry:2, or writes one for it; returns the exit code. */
export async function exportRegistryV2Command(command: RegistryV2ExportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { prune, json } = command;
  const out = command.out === undefined ? undefined : resolve(command.out);
  const repositories = command.repositories.length > 0 ? command.repositories : undefined;
  const line = new TransferProgressLine(terminal.stderr);
  const onProgress = (progress: CopyProgress) => line.updateTransfer({ ...progress, verb: "copied" });
  const report = (exported: ExportedRepository) => {
    line.clear();
    terminal.stderr.write(`${describeRepository(exported)}\n`);
  };
  try {
    const { signal } = new StopRequest();
    const summary = await exportToRegistryV2(loaded.config, { out, repositories, prune, signal, report, onProgress });
    terminal.stdout.write(json ? `${JSON.stringify(summary)}\n` : describeRegistryV2Export(summary, out));
    return exitCodeOf(summary);
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

function describeRepository({ name, tags, manifests, blobs, written }: ExportedRepository): string {
  const found = [count(tags, "tag"), count(manifests, "manifest"), count(blobs, "blob")];
  return `${name}: ${found.join(", ")}; ${count(written, "file")} written`;
}

function exitCodeOf({ isFinished, damaged }: RegistryV2Summary): number {
  if (!isFinished) return EXIT_AGAIN;
  return damaged.length > 0 ? EXIT_DATA : 0;
}
