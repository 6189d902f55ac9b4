import type { Queries } from "../metadata/index.ts";
import type { JobKind } from "./job-kind.ts";

/** Where people ask for jobs. */
export interface JobDesk {
  readonly offers: readonly JobOffer[];
  /** To be told once something was asked for, or is to be cancelled; also while the transaction of it is on its way. */
  lookNow(): void;
  /** To be told of a job that ended before anybody began it. */
  noteCancelled(kind: string): void;
}

export interface JobOffer {
  readonly kind: JobKind;
  /** Why nobody can have one here; `undefined`: they can. */
  readonly refusal: string | undefined;
  /** Set: one that comes by itself begins then at the earliest, whatever is planned. */
  readonly notBeforeMs?: ((queries: Queries) => Promise<number>) | undefined;
}
