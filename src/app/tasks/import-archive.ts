import { rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { Config } from "../../config/index.ts";
import { type ImageForm, type ImageImport, type ImageImportSummary, loadTransfers } from "../../upkeep/index.ts";
import { asTransferError } from "./transfer-error.ts";
import { openRegistryBeside } from "./open-registry-beside.ts";
import { readTrustedKeys } from "./read-keys.ts";
import { requireDatabase } from "./require-database.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { runTask } from "./run-task.ts";

export interface ArchiveImportOptions extends Pick<ImageImport, "signal" | "onProgress"> {
  readonly form: ImageForm;
  readonly path: string;
  /** `team/app` or `team/app:1.0`. */
  readonly to?: string | undefined;
  /** Who does it, for the audit trail. */
  readonly actor: string;
  /** Files of public keys, one of which has to have signed a bundle; if there are none, nobody has to. */
  readonly trustedKeyPaths: readonly string[];
}

export type ArchiveImportSummary = ImageImportSummary & {
  /** The file of the key that has signed it, if that was asked for. */
  readonly signedBy: string | undefined;
};

/**
 * Brings the images of a folder or an archive into the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function importArchive(config: Config, options: ArchiveImportOptions): Promise<ArchiveImportSummary> {
  const databasePath = await requireDatabase(config);
  const { form, path, to, actor, signal, onProgress } = options;
  const { importImages, openImages, parseImageTarget } = await loadTransfers();
  return runTask(
    async (closers) => {
      const scratchFolder = async () => {
        const folder = await makeScratchFolder(dirname(databasePath), "import");
        closers.add(() => rm(folder, { recursive: true }));
        return folder;
      };
      const trustedKeys = await readTrustedKeys(options.trustedKeyPaths);
      const archive = await openImages(form, path, {
        scratchFolder,
        trustedKeys,
        signal,
        onProgress: (progress) => onProgress?.({ step: "verify", ...progress }),
      });
      const registry = await openRegistryBeside(config, closers);
      const by = { actor, address: undefined, requestId: randomUUID() };
      const target = to === undefined ? undefined : parseImageTarget(to);
      const summary = await importImages({ registry, archive, to: target, by, signal, onProgress });
      return { ...summary, signedBy: archive.signedBy };
    },
    (error) => asTransferError(error, path),
  );
}
