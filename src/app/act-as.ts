import { makeChange, type Subject } from "../access/index.ts";
import { deletionAuthorityOf } from "../http/index.ts";
import type { ActFor, Registry } from "../registry/index.ts";
import type { Requester } from "../upkeep/index.ts";

/** Makes changes in the name of who has asked for them earlier, by what they may do now. */
export function actAs({ metadata, clock, options }: Registry, requester: Requester): ActFor {
  const { accountId, subjects, systemRole, actor, address, requestId } = requester;
  const from = { actor, address, requestId };
  const account = accountId === undefined ? undefined : { id: accountId };
  const asker = { subjects: subjects as Subject[], systemRole };
  return (make) =>
    makeChange({ metadata, clock }, { account, asker, from }, async (change) => {
      const viewer = await change.viewer();
      const { queries, nowMs } = change;
      const record = async (deed: Parameters<typeof change.record>[0]) =>
        options.isAudited ? change.record(deed) : undefined;
      return make({ queries, nowMs, by: from, record }, deletionAuthorityOf(viewer));
    });
}
