import type { QuotaState } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import { showNode } from "../settings/settings.ts";
import { type Quota, QUOTA_QUANTITIES, type QuotaQuantity, showQuantity } from "./quota.ts";

/** One limit of a node. */
export interface QuotaLevel {
  readonly node: string;
  readonly quantity: QuotaQuantity;
  readonly limit: number;
  /** Before. */
  readonly holds: number;
  readonly adds: number;
}

/** From this part of a limit on pushes say so. */
const NEARLY = 0.9;

/** One for each limit of the node. @param before absent: it held nothing */
export function levelsOf({ path: node, uses, value }: QuotaState, before?: QuotaState): readonly QuotaLevel[] {
  const quota = value as Quota;
  return QUOTA_QUANTITIES.flatMap((quantity) => {
    const limit = quota[quantity] ?? undefined;
    if (limit === undefined) return [];
    const holds = before?.uses[quantity] ?? 0;
    return [{ node, quantity, limit, holds, adds: uses[quantity] - holds }];
  });
}

export function isNearlyFull({ limit, holds, adds }: QuotaLevel): boolean {
  return holds + adds >= limit * NEARLY;
}

/** In ASCII without quotes, such as `team holds 9.2 GiB of the 10 GiB that it may (92 %)`. */
export function describeLevel({ node, quantity, limit, holds, adds }: QuotaLevel): string {
  const now = holds + adds;
  const percent = limit === 0 ? "" : ` (${Math.floor((now / limit) * 100)} %)`;
  return `${showNode(node)} holds ${showQuantity(quantity, now)} of the ${showQuantity(quantity, limit)} that it may${percent}`;
}

/** `denied`, since a node would hold more than it may. */
export class QuotaExceededError extends RegistryError {
  /** Where something was to be added. */
  readonly repository: RepositoryName;
  readonly levels: readonly QuotaLevel[];

  /** @param levels those limits that would be exceeded */
  constructor(repository: RepositoryName, levels: readonly QuotaLevel[]) {
    const texts = levels.map(({ node, quantity, limit, holds, adds }) => {
      const [may, has, more] = [limit, holds, adds].map((amount) => showQuantity(quantity, amount));
      return `${showNode(node)} may hold ${may}, holds ${has}, and this would add ${more}`;
    });
    // Only bytes wait for clean-up.
    const cleanUp = levels.some(({ quantity }) => quantity === "bytes") ? " and let clean-up run" : "";
    const message = `${texts.join("; ")}: delete what is not needed${cleanUp}, or have the quota raised`;
    super("denied", message, { details: levels });
    this.repository = repository;
    this.levels = levels;
  }
}
