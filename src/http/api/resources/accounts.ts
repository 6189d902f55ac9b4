import { type Accounts, requireAuthorityOver, readRules } from "../../../access/index.ts";
import { findAccountRecord, loadAccessRules } from "../../../metadata/index.ts";
import type { MetadataDatabase } from "../../../metadata/index.ts";
import { guardedMetadata } from "../guarded-metadata.ts";
import type { ApiCall } from "../route.ts";

type Call = Pick<ApiCall<unknown, unknown, unknown>, "parts" | "metadata" | "caller">;

/** Accounts, changed by way of the call. */
export function accountsOf({ parts, metadata }: Call): Accounts {
  return { ...parts.accounts, metadata };
}

/** Accounts for a change of a robot, which is made only if the robot is in the caller's hands at that moment. */
export function accountsOver(call: Call, robot: string): Accounts {
  const { parts, caller } = call;
  const guard = {
    async before(queries: MetadataDatabase["reads"]) {
      const record = await findAccountRecord(queries, robot);
      const rules = readRules(await loadAccessRules(queries));
      const viewer = { rules, asker: caller.asker, nowMs: parts.clock.nowMs() };
      if (record) await requireAuthorityOver(queries, viewer, record);
    },
  };
  return { ...parts.accounts, metadata: guardedMetadata(call.metadata, [guard]) };
}

/** Several changes that are made together, or not at all. */
export function together<T>(accounts: Accounts, work: (joined: Accounts) => Promise<T>): Promise<T> {
  const { metadata } = accounts;
  return metadata.transaction((queries) => {
    const joined: MetadataDatabase = { ...methodsOf(metadata), reads: queries, transaction: (inner) => inner(queries) };
    return work({ ...accounts, metadata: joined });
  });
}

function methodsOf(metadata: MetadataDatabase): Pick<MetadataDatabase, "hot" | "check" | "close"> {
  return { hot: metadata.hot, check: () => metadata.check(), close: () => metadata.close() };
}
