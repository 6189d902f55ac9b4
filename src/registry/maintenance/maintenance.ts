import type { MetadataDatabase, SwitchState } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { type Clock, type Soon, whenThere } from "../../runtime/index.ts";
import type { RegistryOptions } from "../options.ts";

/** The switch that all processes look at. */
export const MAINTENANCE = { room: "registry", name: "read-only" } as const;

/** Where it is found out whether something may be changed. */
export interface Changeable {
  readonly metadata: Pick<MetadataDatabase, "hot">;
  readonly clock: Clock;
  readonly options: Pick<RegistryOptions, "readOnly">;
}

/** Why nothing is changed now, as it was switched on; `undefined`: it was not. Answered from memory. */
export function findMaintenance({
  metadata,
  clock,
}: Pick<Changeable, "metadata" | "clock">): Soon<SwitchState | undefined> {
  return whenThere(metadata.hot.findSwitch(MAINTENANCE.room, MAINTENANCE.name), (found) =>
    found && isOn(found, clock.nowMs()) ? found : undefined,
  );
}

export function isInMaintenance(registry: Pick<Changeable, "metadata" | "clock">): Soon<boolean> {
  return whenThere(findMaintenance(registry), (state) => state !== undefined);
}

export function isOn({ untilMs }: SwitchState, nowMs: number): boolean {
  return untilMs === null || untilMs > nowMs;
}

/** To be asked before a change, and once more where much time goes by before it is made. @throws RegistryError `read-only` */
export function requireWritable(registry: Changeable): Soon<void> {
  if (registry.options.readOnly)
    throw new RegistryError("read-only", "the registry is in read-only mode: pulls work, changes do not");
  return whenThere(findMaintenance(registry), (state) => {
    if (state) throw new RegistryError("read-only", describeMaintenance(state), { detail: detailOf(state) });
  });
}

/** For people, without a full stop. */
export function describeMaintenance({ reason, untilMs }: SwitchState): string {
  const end = untilMs === null ? "" : ` until ${timeOf(untilMs)}`;
  const why = reason === null ? "" : ` (${reason})`;
  return `the registry is in read-only mode for maintenance${end}${why}: pulls work, changes do not`;
}

function detailOf({ reason, sinceMs, untilMs }: SwitchState) {
  return { reason, since: timeOf(sinceMs), until: untilMs === null ? null : timeOf(untilMs) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
