import type { RepositoryName } from "../../oci/index.ts";
import { inBatches } from "../in-parallel.ts";
import { prefixOfLinks } from "../registry-v2/layout.ts";
import { findUnknownLinks } from "../registry-v2/remove-unknown-links.ts";
import type { DescriptionRun } from "./description-run.ts";

interface MovedRepository {
  /** The name that it had. */
  readonly name: RepositoryName;
  readonly movedId: number;
  /** Of the repository that has the name now; `undefined`: none. */
  readonly repositoryId: number | undefined;
}

/**
 * Takes away from the name that a repository had the tags and revisions that it describes by its new one. The rest was never taken over, and
 * waits there for another import, which needs the links to blobs as well.
 */
export async function removeMovedLinks(run: DescriptionRun, moved: MovedRepository): Promise<void> {
  const { storage, tally } = run;
  const { name: repository, movedId, repositoryId } = moved;
  const { reads } = run.metadata;
  for (const folder of ["_manifests/tags", "_manifests/revisions"] as const) {
    const links = storage.iterate(prefixOfLinks(repository, folder));
    for await (const batch of inBatches(links, { mostItems: 500 })) {
      const of = (id: number | undefined) => findUnknownLinks({ reads, repository }, { id, folder }, batch);
      const unknown = new Set(await of(movedId));
      for (const link of await of(repositoryId)) {
        if (unknown.has(link)) continue;
        await storage.remove(link);
        tally.removed++;
      }
    }
  }
  await storage.removeEmpty(prefixOfLinks(repository, "_manifests/tags"));
}
