import { resolve } from "node:path";
import { type ExportForm, exportToFiles, type ImageExportSummary } from "../app/index.ts";
import { count, formatBytes } from "./quantities.ts";
import { readConfig } from "./read-config.ts";
import { StopRequest } from "./stop-request.ts";
import { tellFault } from "./tell-fault.ts";
import { EXIT_CONFIG, type Terminal } from "./terminal.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface ImageExportCommand {
  readonly form: ExportForm;
  readonly references: readonly string[];
  readonly out: string;
  readonly referrers: boolean;
  readonly platforms: readonly string[];
  readonly configPath: string | undefined;
  readonly json: boolean;
}

/** `berth export oci`, `docker-archive` and `bundle`: write images into files; return the exit code. */
export async function exportImagesCommand(command: ImageExportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.configPath, terminal);
  if (!loaded) return EXIT_CONFIG;
  const line = new TransferProgressLine(terminal.stderr, performance.now.bind(performance));
  const out = resolve(command.out);
  try {
    const summary = await exportToFiles(loaded.config, {
      ...command,
      out,
      signal: new StopRequest().signal,
      onProgress: (progress) => line.updateTransfer({ ...progress, verb: "written" }),
    });
    line.clear();
    terminal.stdout.write(command.json ? `${JSON.stringify(summary)}\n` : describe(summary, out));
    return 0;
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

function describe({ images, manifests, blobs, totalBytes, keptBytes }: ImageExportSummary, out: string): string {
  const lines = images.map(({ repository, tag, digest }) => {
    return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag} ${digest}`;
  });
  const content = `${count(manifests, "manifest")} and ${count(blobs, "blob")} (${formatBytes(totalBytes)})`;
  const kept = keptBytes > 0 ? ` ${formatBytes(keptBytes)} of them were there already.` : "";
  return [...lines, `Wrote ${content} to ${out}, all verified.${kept}`, ""].join("\n");
}
