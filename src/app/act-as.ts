import { type Change, makeChange, type Subject, type Viewer } from "../access/index.ts";
import { deletionAuthorityOf, moveByRules, moveTagByRules } from "../http/index.ts";
import {
  type ActFor,
  notingRefusals,
  type Registry,
  type RegistryChange,
  type TagRelocation,
} from "../registry/index.ts";
import type { OneMove, Requester } from "../upkeep/index.ts";

/** Makes changes in the name of who has asked for them earlier, by what they may do now. */
export function actAs(registry: Registry, requester: Requester): ActFor {
  return (make) => changeAs(registry, requester, (change, viewer) => make(change, deletionAuthorityOf(viewer)));
}

/** Moves repositories in the name of who has asked for it earlier, by what they may do now. */
export function moveAs(registry: Registry, requester: Requester): (moving: OneMove) => Promise<unknown> {
  return ({ redirectDays, ...moving }) =>
    notingRefusals(registry.quotaRefusals, () =>
      changeAs(registry, requester, (change, viewer) => moveByRules(change, viewer, { redirectDays, ...moving })),
    );
}

/** Moves tags in the name of who has asked for it earlier, by what they may do now. */
export function moveTagAs(registry: Registry, requester: Requester): (relocation: TagRelocation) => Promise<unknown> {
  const { quotaRefusals, options } = registry;
  return (relocation) =>
    notingRefusals(quotaRefusals, () =>
      changeAs(registry, requester, (change, viewer) => moveTagByRules(change, viewer, { relocation, options })),
    );
}

function changeAs<T>(
  { metadata, clock, options }: Registry,
  { accountId, subjects, systemRole, actor, address, requestId }: Requester,
  make: (change: RegistryChange, viewer: Viewer) => Promise<T>,
): Promise<T> {
  const from = { actor, address, requestId };
  const account = accountId === undefined ? undefined : { id: accountId };
  const asker = { subjects: subjects as Subject[], systemRole };
  return makeChange({ metadata, clock }, { account, asker, from }, async (change: Change) => {
    const viewer = await change.viewer();
    const { queries, nowMs } = change;
    const record = async (deed: Parameters<typeof change.record>[0]) =>
      options.isAudited ? change.record(deed) : undefined;
    return make({ queries, nowMs, by: from, record }, viewer);
  });
}
