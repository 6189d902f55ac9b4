import { isRepositoryName, type RepositoryName } from "../../oci/index.ts";
import type { FileSource } from "../archive/file-source.ts";
import { looksLikeOciLayout } from "./read-oci-layout.ts";

export interface FoundLayout {
  /** Its path. */
  readonly repository: RepositoryName;
  readonly source: FileSource;
}

/**
 * Finds the OCI layouts below a folder whose paths are names of repositories, as zot keeps them, in the order of the names. zot's own
 * folders have names that no repository has.
 */
export async function findLayouts(source: FileSource): Promise<readonly FoundLayout[]> {
  const found: FoundLayout[] = [];
  const waiting = [""];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const isLayout = folder !== "" && (await looksLikeOciLayout(below(source, folder)));
    if (isLayout && isRepositoryName(folder)) found.push({ repository: folder, source: below(source, folder) });
    for (const name of await source.list(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isRepositoryName(path) && !(isLayout && name === "blobs")) waiting.push(path);
    }
  }
  return found.sort((a, b) => (a.repository < b.repository ? -1 : 1));
}

function below(source: FileSource, folder: string): FileSource {
  return {
    find: (path) => source.find(`${folder}/${path}`),
    list: (path) => source.list(`${folder}/${path}`),
  };
}
