import type { RepositoryName } from "../../oci/index.ts";
import type { QuotaQuantity } from "./quota.ts";
import { QuotaExceededError, type QuotaLevel } from "./quota-levels.ts";

/** Pushes and the like that a limit had no room for. */
export interface RefusedPushes {
  /** As it was at the last of them. */
  readonly level: QuotaLevel;
  /** What the last was for. */
  readonly repository: RepositoryName;
  readonly times: number;
}

/** Remembers what this process refused because of quotas until somebody tells of it. There is at most one entry for each limit. */
export class QuotaRefusals {
  readonly #untold = new Map<string, RefusedPushes>();
  readonly #counts = new Map<QuotaQuantity, number>();

  note({ levels, repository }: QuotaExceededError): void {
    for (const level of levels) {
      const key = `${level.quantity} ${level.node}`;
      this.#untold.set(key, { level, repository, times: (this.#untold.get(key)?.times ?? 0) + 1 });
      this.#counts.set(level.quantity, (this.#counts.get(level.quantity) ?? 0) + 1);
    }
  }

  /** What was not told yet. */
  untold(): readonly RefusedPushes[] {
    return [...this.#untold.values()];
  }

  /** What came meanwhile stays. */
  told({ level, times }: RefusedPushes): void {
    const key = `${level.quantity} ${level.node}`;
    const now = this.#untold.get(key);
    if (now && now.times > times) this.#untold.set(key, { ...now, times: now.times - times });
    else this.#untold.delete(key);
  }

  /** Since the start, by what there was too much of. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** Does what may be refused because of quotas, and remembers if it was. @throws what `work` throws */
export async function notingRefusals<T>(refusals: Pick<QuotaRefusals, "note">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QuotaExceededError) refusals.note(error);
    throw error;
  }
}
