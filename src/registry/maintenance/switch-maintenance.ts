import { findSwitch, putSwitch, removeSwitch, type SwitchState } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { isOn, MAINTENANCE } from "./maintenance.ts";

export interface MaintenanceWish {
  /** For whoever wants to change something meanwhile. */
  readonly reason: string | null;
  /** When it ends by itself; `null`: not. */
  readonly untilMs: number | null;
}

/**
 * Lets nobody change anything any more, or says another reason or end where that is so already. What is being committed at that
 * moment still is.
 * @throws RegistryError `bad-request` for an end that is over
 */
export async function startMaintenance(
  change: RegistryChange,
  { reason, untilMs }: MaintenanceWish,
): Promise<SwitchState> {
  const { queries, nowMs, by } = change;
  if (untilMs !== null && untilMs <= nowMs)
    throw new RegistryError("bad-request", "until is a time that is over: say one to come, or none");
  const before = await findMaintenanceIn(change);
  const state = { reason, actor: by.actor ?? null, sinceMs: before?.sinceMs ?? nowMs, untilMs };
  await putSwitch(queries, MAINTENANCE, state);
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  await change.record({
    act: `maintenance.${before ? "change" : "start"}`,
    target: undefined,
    detail: { reason, until },
  });
  return state;
}

/** Does nothing if there is none. */
export async function endMaintenance(change: RegistryChange): Promise<void> {
  const before = await findMaintenanceIn(change);
  if (!before) return;
  await removeSwitch(change.queries, MAINTENANCE);
  const since = new Date(before.sinceMs).toISOString();
  await change.record({ act: "maintenance.end", target: undefined, detail: { since } });
}

/** As the transaction sees it. */
export async function findMaintenanceIn({
  queries,
  nowMs,
}: Pick<RegistryChange, "queries" | "nowMs">): Promise<SwitchState | undefined> {
  const found = await findSwitch(queries, MAINTENANCE);
  return found && isOn(found, nowMs) ? found : undefined;
}
