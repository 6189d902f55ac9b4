import { isRepositoryName, type RepositoryName } from "../../oci/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { repositoriesPrefix, repositoryOfLink } from "./layout.ts";

export interface FoundRepository {
  /** As it was found: it may not be a valid name. */
  readonly name: string;
  /** The oldest of its links. */
  readonly createdAtMs: number;
}

/** Every repository that has a link, in the order of the names. Holds the names, not what is in the repositories. */
export async function findRepositories(storage: StorageDriver): Promise<readonly FoundRepository[]> {
  const oldest = new Map<string, number>();
  for await (const { key, modifiedAtMs } of storage.iterate(repositoriesPrefix)) {
    const name = repositoryOfLink(key);
    if (name !== undefined) oldest.set(name, Math.min(modifiedAtMs, oldest.get(name) ?? Infinity));
  }
  return [...oldest]
    .map(([name, modifiedAtMs]) => ({ name, createdAtMs: Math.trunc(modifiedAtMs) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One of the repositories, whichever is found first, that an import would bring; `undefined` if there is none. */
export async function findAnyRepository(storage: StorageDriver): Promise<RepositoryName | undefined> {
  for await (const { key } of storage.iterate(repositoriesPrefix)) {
    const name = repositoryOfLink(key);
    if (name !== undefined && isRepositoryName(name)) return name;
  }
  return undefined;
}

/** Whether the storage holds repositories of a registry:2 or registry:3. */
export async function looksLikeRegistryV2(storage: StorageDriver): Promise<boolean> {
  return (await findAnyRepository(storage)) !== undefined;
}
