import { dirname } from "node:path";
import type { Config } from "../../config/index.ts";
import { errorCode } from "../../runtime/index.ts";
import { type ImageExport, type ImageExportSummary, loadTransfers } from "../../upkeep/index.ts";
import { openRegistryBeside } from "./open-registry-beside.ts";
import { type KeyFile, readSigningKey } from "./read-keys.ts";
import { requireDatabase } from "./require-database.ts";
import { asTransferError } from "./transfer-error.ts";
import { runTask } from "./run-task.ts";

export interface ExportOptions extends Omit<ImageExport, "registry" | "platforms" | "signingKey"> {
  /** Such as `linux/amd64`. */
  readonly platforms: readonly string[];
  /** Where the private key is that a bundle is signed with, if it is. */
  readonly signWith?: KeyFile | undefined;
}

/**
 * Writes images of the registry that the configuration names into files, whether it serves or not.
 * @throws TaskError
 */
export async function exportToFiles(config: Config, options: ExportOptions): Promise<ImageExportSummary> {
  await requireDatabase(config);
  const { exportImages, parsePlatform } = await loadTransfers();
  return runTask(
    async (closers) => {
      const platforms = options.platforms.map((platform) => parsePlatform(platform));
      const signingKey = options.signWith && (await readSigningKey(options.signWith));
      const registry = await openRegistryBeside(config, closers);
      return exportImages({ ...options, registry, platforms, signingKey });
    },
    (error) => asTransferError(error, errorCode(error) === "ENOENT" ? dirname(options.out) : options.out),
  );
}
