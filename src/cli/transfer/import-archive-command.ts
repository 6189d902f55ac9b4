import { resolve } from "node:path";
import { type ArchiveImportSummary, importArchive, type ImageForm } from "../../app/index.ts";
import { localActor } from "../local-actor.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, type Terminal } from "../terminal.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface ArchiveImportCommand {
  readonly form: ImageForm;
  readonly path: string;
  readonly configPath: string | undefined;
  readonly to: string | undefined;
  /** Files of public keys, one of which has to have signed a bundle, if there are any. */
  readonly trustedKeyPaths: readonly string[];
  readonly json: boolean;
}

/** `berth import oci`, `docker-archive` and `bundle`: bring images in; return the exit code. */
export async function importArchiveCommand(command: ArchiveImportCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.configPath, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { form, to, trustedKeyPaths, json } = command;
  const line = new TransferProgressLine(terminal.stderr);
  try {
    const summary = await importArchive(loaded.config, {
      form,
      path: resolve(command.path),
      to,
      trustedKeyPaths,
      actor: localActor(),
      signal: new StopRequest().signal,
      onProgress: ({ step, ...progress }) => line.updateTransfer({ ...progress, verb: VERBS[step] }),
    });
    line.clear();
    terminal.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
    return 0;
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

const VERBS = { verify: "verified", store: "stored" } as const;

function describe({ images, manifests, newBlobs, newBytes, signedBy }: ArchiveImportSummary): string {
  const lines = images.map(({ repository, digest, tags }) => {
    return tags.length === 0 ? `${repository}@${digest}` : `${repository}:${tags.join(",")} ${digest}`;
  });
  const content = `${count(manifests, "manifest")} and ${count(newBlobs, "new blob")} (${formatBytes(newBytes)})`;
  const signed = signedBy === undefined ? [] : [`It is signed with the key of ${signedBy}.`];
  return [...signed, ...lines, `Imported ${count(images.length, "image")} with ${content}, all verified.`, ""].join(
    "\n",
  );
}
