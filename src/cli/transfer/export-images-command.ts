import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ExportForm, exportToFiles, type ImageExportSummary, TaskError } from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, type Terminal } from "../terminal.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface ImageExportCommand {
  readonly form: ExportForm;
  readonly references: readonly string[];
  readonly out: string;
  readonly referrers: boolean;
  readonly platforms: readonly string[];
  /** The file of the private key that a bundle is signed with, if it is. */
  readonly signingKeyPath: string | undefined;
  readonly configPath: string | undefined;
  readonly json: boolean;
}

/** `berth export oci`, `docker-archive` and `bundle`: write images into files; return the exit code. */
export async function exportImagesCommand(command: ImageExportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.configPath, terminal);
  if (!loaded) return EXIT_CONFIG;
  const line = new TransferProgressLine(terminal.stderr);
  const out = resolve(command.out);
  const { signingKeyPath } = command;
  try {
    const signWith = signingKeyPath === undefined ? undefined : await withPassphrase(signingKeyPath, terminal);
    const summary = await exportToFiles(loaded.config, {
      ...command,
      out,
      signWith,
      signal: new StopRequest().signal,
      onProgress: (progress) => line.updateTransfer({ ...progress, verb: "written" }),
    });
    line.clear();
    const signed = signWith ? `Signed it: SHA256SUMS.sig.\n` : "";
    terminal.stdout.write(command.json ? `${JSON.stringify(summary)}\n` : describe(summary, out) + signed);
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

/** Of a key that is encrypted; never an argument, which others on the machine could see. @throws TaskError */
async function withPassphrase(path: string, { env }: Terminal) {
  const { BERTH_SIGN_PASSPHRASE: passphrase, BERTH_SIGN_PASSPHRASE_FILE: file } = env;
  if (passphrase !== undefined || file === undefined) return { path, passphrase };
  try {
    return { path, passphrase: (await readFile(file, "utf8")).replace(/\r?\n$/, "") };
  } catch (error) {
    const message = `the file that BERTH_SIGN_PASSPHRASE_FILE names cannot be read: ${(error as Error).message}.`;
    throw new TaskError("nothing-there", message, { cause: error });
  }
}
