import { findQuotas, listQuotasWithBlob, nodesUpFrom, type Queries, type QuotaState } from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { Registry } from "../registry.ts";
import { findRepositoryPlace, type RepositoryPlace, showNode } from "../settings/settings.ts";
import { type Quota, QUOTA_QUANTITIES, type QuotaQuantity, showQuantity } from "./quota.ts";

export interface Added<T> {
  readonly result: T;
  /** What the client's user should know of quotas that are nearly used up: one line each, in ASCII without quotes. */
  readonly warnings: readonly string[];
}

/** From this part of a limit on pushes say so. */
const NEARLY = 0.9;

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
  if (exceeded.length > 0) throw quotaExceeded(exceeded);
  const isNearlyFull = ({ limit, holds, adds }: Level) => holds + adds >= limit * NEARLY;
  return { result, warnings: levels.filter(isNearlyFull).map(describeLevel) };
}

/** Below this it costs less to take the bytes than to ask before. */
const LARGE_BYTES = 1024 * 1024;

export interface AnnouncedBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/**
 * Spares who has a large blob to send for it in vain. Whether there is room is decided when it is there.
 * @throws RegistryError `denied` as `addWithinQuotas` does
 */
export async function requireRoom({ metadata }: Pick<Registry, "metadata">, blob: AnnouncedBlob): Promise<void> {
  const { repository, digest, sizeBytes: adds } = blob;
  if (adds < LARGE_BYTES) return;
  const quotas = await findQuotas(metadata.reads, [...nodesUpFrom(repository)]);
  if (quotas.length === 0) return;
  const having = new Set(await listQuotasWithBlob(metadata.reads, digest));
  const levels = quotas
    .filter(({ path }) => !having.has(path))
    .flatMap((state) => levelsOf(state, state))
    .filter(({ quantity, limit, holds }) => quantity === "bytes" && holds + adds > limit);
  if (levels.length > 0) throw quotaExceeded(levels.map((level) => ({ ...level, adds })));
}

/** One limit of a node. */
interface Level {
  readonly node: string;
  readonly quantity: QuotaQuantity;
  readonly limit: number;
  /** Before. */
  readonly holds: number;
  readonly adds: number;
}

function levelsOf({ path: node, uses, value }: QuotaState, before: QuotaState | undefined): readonly Level[] {
  const quota = value as Quota;
  return QUOTA_QUANTITIES.flatMap((quantity) => {
    const limit = quota[quantity] ?? undefined;
    if (limit === undefined) return [];
    const holds = before?.uses[quantity] ?? 0;
    return [{ node, quantity, limit, holds, adds: uses[quantity] - holds }];
  });
}

function quotaExceeded(levels: readonly Level[]): RegistryError {
  const texts = levels.map(({ node, quantity, limit, holds, adds }) => {
    const [may, has, more] = [limit, holds, adds].map((amount) => showQuantity(quantity, amount));
    return `${showNode(node)} may hold ${may}, holds ${has}, and this would add ${more}`;
  });
  const message = `${texts.join("; ")}: delete what is not needed and let clean-up run, or have the quota raised`;
  return new RegistryError("denied", message, { details: levels });
}

function describeLevel({ node, quantity, limit, holds, adds }: Level): string {
  const now = holds + adds;
  const percent = limit === 0 ? "" : ` (${Math.floor((now / limit) * 100)} %)`;
  return `${showNode(node)} holds ${showQuantity(quantity, now)} of the ${showQuantity(quantity, limit)} that it may${percent}`;
}
