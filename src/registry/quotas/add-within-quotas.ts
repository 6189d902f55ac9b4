import { findQuotas, listQuotasWithBlob, nodesUpFrom, type Queries } from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import { findMovedName, type MayFollow } from "../names/repository-moved.ts";
import type { Registry } from "../registry.ts";
import { findRepositoryPlace, type RepositoryPlace } from "../settings/settings.ts";
import { describeLevel, isNearlyFull, levelsOf, QuotaExceededError } from "./quota-levels.ts";

export interface Added<T> {
  readonly result: T;
  /** What the client's user should know of quotas that are nearly used up: one line each, in ASCII without quotes. */
  readonly warnings: readonly string[];
}

/**
 * Does what adds to a repository, unless a node above would hold more of something than it may: all quotas above count. What adds
 * nothing is done also where a node holds too much already. To be called in the transaction, which this undoes by what it throws.
 * @param add is given the repository and what holds for it, which is looked up once for both
 * @throws RegistryError `denied` naming each limit with its numbers; and what `add` throws
 */
export async function addWithinQuotas<T>(
  queries: Queries,
  repository: RepositoryName,
  add: (place: RepositoryPlace) => Promise<T>,
): Promise<Added<T>> {
  const place = await findRepositoryPlace(queries, repository);
  if (!place.settings.quota) return { result: await add(place), warnings: [] };
  const nodes = [...nodesUpFrom(repository)];
  const before = await findQuotas(queries, nodes);
  const result = await add(place);
  const after = await findQuotas(queries, nodes);
  const levels = after.flatMap((state, index) => levelsOf(state, before[index]));
  const exceeded = levels.filter(({ limit, holds, adds }) => adds > 0 && holds + adds > limit);
  if (exceeded.length > 0) throw new QuotaExceededError(repository, exceeded);
  return { result, warnings: levels.filter(isNearlyFull).map(describeLevel) };
}

/** Below this it costs less to take the bytes than to ask before. */
const LARGE_BYTES = 1024 * 1024;

export interface AnnouncedBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Asked whether it may go where the repository is that had this name. */
  readonly mayFollow?: MayFollow | undefined;
}

/**
 * Spares who has a large blob to send for it in vain. Whether there is room is decided when it is there.
 * @throws RegistryError `denied` as `addWithinQuotas` does
 */
export async function requireRoom(registry: Pick<Registry, "metadata" | "clock">, blob: AnnouncedBlob): Promise<void> {
  const { metadata } = registry;
  const { digest, sizeBytes: adds, mayFollow } = blob;
  if (adds < LARGE_BYTES) return;
  const moved = await findMovedName(registry, blob.repository);
  // Who may not follow is refused once it is there, and does not learn of quotas elsewhere.
  if (moved !== undefined && !(await mayFollow?.(moved))) return;
  const repository = moved ?? blob.repository;
  const quotas = await findQuotas(metadata.reads, [...nodesUpFrom(repository)]);
  if (quotas.length === 0) return;
  const having = new Set(await listQuotasWithBlob(metadata.reads, digest));
  const levels = quotas
    .filter(({ path }) => !having.has(path))
    .flatMap((state) => levelsOf(state, state))
    .filter(({ quantity, limit, holds }) => quantity === "bytes" && holds + adds > limit);
  if (levels.length > 0)
    throw new QuotaExceededError(
      repository,
      levels.map((level) => ({ ...level, adds })),
    );
}
