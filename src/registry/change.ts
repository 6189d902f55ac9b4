import type { Act, ActOrigin, Queries } from "../metadata/index.ts";
import { record } from "./record.ts";
import type { Registry } from "./registry.ts";

/** A change on its way: all that is done by it stands together, and on record, or nothing does. */
export interface RegistryChange {
  /** Of its transaction. */
  readonly queries: Queries;
  readonly nowMs: number;
  readonly by: ActOrigin;
  /** Puts on record what has been done. */
  record(deed: Pick<Act, "act" | "target" | "detail">): Promise<void>;
}

/** One that a client of the registry API makes. */
export function changeBy(registry: Registry, queries: Queries, by: ActOrigin): RegistryChange {
  return {
    queries,
    nowMs: registry.clock.nowMs(),
    by,
    record: (deed) => record(registry, queries, { ...by, ...deed }),
  };
}
