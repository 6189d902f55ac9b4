import { ROOT } from "../../../access/index.ts";
import type { SwitchState } from "../../../metadata/index.ts";
import { endMaintenance, findMaintenanceIn, startMaintenance } from "../../../registry/index.ts";
import { registryChangeOf } from "../registry-change.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { maintenance, maintenanceWish } from "../schemas/maintenance.ts";
import { msOrNull, timeOrNull } from "../schemas/words.ts";

const path = "/maintenance";
const tag = "maintenance";

/** It is about all repositories. */
const ofAll = () => ROOT;
const reading = { node: ofAll, action: "settings:read" } as const;
const writing = { node: ofAll, action: "settings:write" } as const;

export const MAINTENANCE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path,
    tag,
    summary: "Show whether the registry only serves pulls, and why",
    permission: reading,
    response: maintenance,
    current: showMaintenance,
    handle: async (call) => ({ body: await showMaintenance(call) }),
  }),
  defineRoute({
    method: "PUT",
    path,
    tag,
    summary: "Serve pulls only, or say another reason or end",
    description:
      "Every process refuses pushes, deletes and other changes of content (405) within a second; jobs wait. What is being committed at that moment still is.",
    permission: writing,
    body: maintenanceWish,
    response: maintenance,
    current: showMaintenance,
    async handle(call) {
      const { reason, until } = call.body;
      const state = await startMaintenance(registryChangeOf(call), { reason, untilMs: msOrNull(until) });
      call.parts.jobs.lookNow();
      return { body: show(call, state) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path,
    tag,
    summary: "Take changes again",
    description: "Does nothing where it was not switched on. What the configuration says stays.",
    permission: writing,
    current: showMaintenance,
    async handle(call) {
      await endMaintenance(registryChangeOf(call));
      call.parts.jobs.lookNow();
      return { body: undefined };
    },
  }),
];

async function showMaintenance(call: ApiCall) {
  const { queries, parts } = call;
  return show(call, await findMaintenanceIn({ queries, nowMs: parts.clock.nowMs() }));
}

function show({ parts }: Pick<ApiCall, "parts">, state: SwitchState | undefined) {
  const isConfigured = parts.registryOptions.readOnly;
  const source = isConfigured ? ("configuration" as const) : state ? ("switch" as const) : null;
  return {
    isReadOnly: source !== null,
    source,
    reason: state?.reason ?? null,
    since: timeOrNull(state?.sinceMs),
    until: timeOrNull(state?.untilMs),
    by: state?.actor ?? null,
  };
}
