import { findDescription, listAllRepositories, type MetadataDatabase } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { findAnyRepository } from "./find-repositories.ts";

export interface UnimportedRegistry {
  /** One of its repositories. */
  readonly repository: RepositoryName;
}

export interface StartedOn {
  /** `undefined` as long as there is none, and it would have to be made. */
  readonly metadata: MetadataDatabase | undefined;
  readonly storage: StorageDriver;
}

/**
 * Finds a registry:2 whose directory was handed to Berth without an import: no database, or one that knows no repository, on
 * storage that has some. To be asked before serving, since an empty catalogue would look as if every image were lost.
 */
export async function findUnimportedRegistry({
  metadata,
  storage,
}: StartedOn): Promise<UnimportedRegistry | undefined> {
  if (metadata && ((await knowsRepositories(metadata)) || (await findDescription(metadata.reads)))) return undefined;
  const repository = await findAnyRepository(storage);
  return repository && { repository };
}

async function knowsRepositories(metadata: MetadataDatabase): Promise<boolean> {
  const known = await listAllRepositories(metadata.reads, { after: "", limit: 1 });
  return known.length > 0;
}

/** Where an import reads and writes. */
export interface ImportPlace {
  /** What the person types to run this program. */
  readonly command: string;
  readonly rootDirectory: string;
  /** Only if it is not at its usual place below the root directory. */
  readonly databasePath?: string | undefined;
}

/** What the person who started the registry is told: why it does not serve, and the commands that help. */
export function adviseImport({ repository }: UnimportedRegistry, place: ImportPlace): string {
  const command = importCommand(place);
  return [
    `${place.rootDirectory} holds the repositories of a registry:2, such as ${repository}, and Berth does not know them yet.`,
    "Let Berth read the directory first. No image is copied or changed, and registry:2 can still be started on it:",
    `  ${command} --dry-run    says what it would do`,
    `  ${command}              does it`,
    "To start with an empty registry instead, give it another storage.filesystem.rootdirectory.",
    "",
  ].join("\n");
}

/** What imports, to be pasted into a shell. */
export function importCommand({ command, rootDirectory, databasePath }: ImportPlace): string {
  const database = databasePath === undefined ? "" : ` --database ${quote(databasePath)}`;
  return `${command} import registry-v2 ${quote(rootDirectory)}${database}`;
}

function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
