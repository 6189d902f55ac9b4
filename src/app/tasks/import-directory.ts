import { join } from "node:path";
import { COMMAND } from "../command-name.ts";
import { TaskError } from "./task-error.ts";
import { systemClock } from "../../runtime/index.ts";
import {
  importCommand,
  type ImportedRepository,
  type ImportSummary,
  loadTransfers,
  looksLikeRegistryV2,
  repositoriesPrefix,
} from "../../upkeep/index.ts";
import { openDatabaseFor, openStorageFor } from "./open-parts.ts";
import { isDirectory, requireDirectory } from "./require-directory.ts";
import { runTask, stoppedBy } from "./run-task.ts";

/** Where the database is below the root directory, unless the configuration says otherwise. */
export const DATABASE = "berth/berth.db";

export interface ImportOptions {
  /** registry:2's root directory. */
  readonly directory: string;
  /** Says what an import would do, and writes nothing. */
  readonly dryRun: boolean;
  /** Default: where `serve` expects it, {@link DATABASE} below the directory. */
  readonly database?: string | undefined;
}

/**
 * Makes the images of a registry:2's data directory Berth's, without copying them.
 * @throws TaskError
 */
export async function importDirectory(
  options: ImportOptions,
  report: (imported: ImportedRepository) => void,
): Promise<ImportSummary> {
  const { directory, dryRun } = options;
  const { importRegistryV2 } = await loadTransfers();
  await requireDirectory(directory);
  return runTask(
    async (closers) => {
      const storage = await openStorageFor(closers, { kind: "filesystem", rootDirectory: directory });
      if (!(await looksLikeRegistryV2(storage))) throw await noRegistryThere(directory);
      const path = options.database ?? join(directory, DATABASE);
      const metadata = await openDatabaseFor(closers, dryRun ? ":memory:" : path);
      return importRegistryV2({ metadata, storage, clock: systemClock, report });
    },
    stoppedBy((reason) => `The import stopped: ${reason}. When that is repaired, run it again to go on.`),
  );
}

async function noRegistryThere(directory: string): Promise<TaskError> {
  const above = await findRootAbove(directory);
  const advice = above && ` Give the root directory: ${importCommand({ command: COMMAND, rootDirectory: above })}`;
  const message = `${directory} holds no images of a registry:2 (below ${REPOSITORIES.join("/")}).${advice ?? ""}`;
  return new TaskError("nothing-there", message);
}

/** Where registry:2 has its repositories, below its root directory. */
const REPOSITORIES = repositoriesPrefix.split("/").filter(Boolean);

/** The root directory that was meant, if the one that was given lies on the way from it to the repositories. */
async function findRootAbove(directory: string): Promise<string | undefined> {
  for (let levels = REPOSITORIES.length; levels > 0; levels--) {
    const root = join(directory, ...Array.from({ length: levels }, () => ".."));
    const isOnTheWay = join(root, ...REPOSITORIES.slice(0, levels)) === directory;
    if (isOnTheWay && (await isDirectory(join(root, ...REPOSITORIES)))) return root;
  }
  return undefined;
}
