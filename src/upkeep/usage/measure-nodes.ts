import {
  listNodesSaying,
  listSizedLinks,
  nodesUpFrom,
  type Queries,
  type SizedLink,
  type StoredBytes,
} from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { restSince } from "../rest.ts";

/** What a walk through all blobs has found. */
export interface MeasuredStorage {
  /** By node: the root, which is `""`, those at the top, and those with a quota; only such that hold something. */
  readonly nodes: ReadonlyMap<string, StoredBytes>;
  /** Of blobs that something in the bin keeps, whoever else has them. */
  readonly binBytes: number;
}

export interface MeasuringOptions {
  readonly clock: Clock;
  /** Ends it early: then it throws. */
  readonly signal: AbortSignal;
  readonly onBlobs?: ((blobs: number) => void) | undefined;
}

/** So that a step takes a millisecond or two. */
const BLOBS_AT_ONCE = 300;

interface Sum {
  storedBytes: number;
  dedupedBytes: number;
  uniqueBytes: number;
}

/**
 * Looks through all blobs and who has them, in small steps. What changes meanwhile is seen or not, each blob for itself.
 * @throws MetadataError, and the signal's reason
 */
export async function measureNodes(queries: Queries, options: MeasuringOptions): Promise<MeasuredStorage> {
  const { clock, signal, onBlobs } = options;
  const withQuota = new Set(await listNodesSaying(queries, "quota"));
  const nodes = new Map<string, Sum>();
  let binBytes = 0;
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const startedAtMs = clock.nowMs();
    const links = await listSizedLinks(queries, { afterId, blobs: BLOBS_AT_ONCE });
    const last = links.at(-1);
    if (!last) return { nodes, binBytes };
    const blobs = groupByBlob(links);
    for (const blob of blobs) {
      addBlob(nodes, blob, withQuota);
      if (blob[0]?.isInBin === 1) binBytes += blob[0].sizeBytes;
    }
    onBlobs?.(blobs.length);
    afterId = last.blobId;
    await restSince(startedAtMs, { clock, signal });
  }
}

/** They come one blob after the other. */
function groupByBlob(links: readonly SizedLink[]): readonly (readonly SizedLink[])[] {
  const blobs: SizedLink[][] = [];
  for (const link of links) {
    const blob = blobs.at(-1);
    if (blob?.[0]?.blobId === link.blobId) blob.push(link);
    else blobs.push([link]);
  }
  return blobs;
}

function addBlob(sums: Map<string, Sum>, links: readonly SizedLink[], withQuota: ReadonlySet<string>): void {
  const copies = new Map<string, number>();
  for (const { repository } of links)
    if (repository !== null)
      for (const node of measuredNodesOf(repository, withQuota)) copies.set(node, (copies.get(node) ?? 0) + 1);
  const sizeBytes = links[0]?.sizeBytes ?? 0;
  for (const [node, count] of copies) {
    const sum = sums.get(node) ?? { storedBytes: 0, dedupedBytes: 0, uniqueBytes: 0 };
    sum.storedBytes += count * sizeBytes;
    sum.dedupedBytes += sizeBytes;
    if (count === links.length) sum.uniqueBytes += sizeBytes;
    sums.set(node, sum);
  }
}

function measuredNodesOf(repository: string, withQuota: ReadonlySet<string>): readonly string[] {
  return [...nodesUpFrom(repository)].filter((node) => !node.includes("/") || withQuota.has(node));
}
