import { findDeletedTags } from "../../metadata/index.ts";
import type { RepositoryName, Tag } from "../../oci/index.ts";
import { inBatches } from "../in-parallel.ts";
import { prefixOfLinks, tagOfLink } from "../registry-v2/layout.ts";
import { type DescriptionRun, inStep } from "./description-run.ts";
import { removeLinks } from "./remove-links.ts";

const AT_ONCE = 500;

interface Place {
  readonly name: RepositoryName;
  readonly repositoryId: number;
}

/** Takes away what is left of tags that were deleted while nothing was described. What a registry:2 has pushed after that stays. */
export async function removeDeletedTags(run: DescriptionRun, { name, repositoryId }: Place): Promise<void> {
  const prefix = prefixOfLinks(name, "_manifests/tags");
  const links = run.storage.iterate(prefix);
  for await (const batch of inBatches(links, { mostItems: AT_ONCE })) {
    const movedAtMs = new Map<Tag, number>();
    for (const { key, modifiedAtMs } of batch) {
      const tag = tagOfLink(key, prefix);
      if (tag !== undefined) movedAtMs.set(tag as Tag, modifiedAtMs);
    }
    await inStep(run, async () => {
      for (const { tag, atMs } of await findDeletedTags(run.metadata.reads, repositoryId, [...movedAtMs.keys()]))
        if ((movedAtMs.get(tag) ?? Infinity) <= atMs) await removeLinks(run, `${prefix}${tag}/`);
    });
  }
}
