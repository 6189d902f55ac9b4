import { loadAccessRules, type MetadataDatabase, type Queries, recordAct } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { Ruler, Viewer } from "./authority.ts";
import { readRules } from "./read-rules.ts";

/** Where the rules are kept, for who changes them. */
export interface RuleBook {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
}

/** What was done, for the audit trail. */
export interface RuleAct {
  readonly act: string;
  readonly target: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** One change of the rules: what is permitted is decided by the rules that it changes, and it is on record, or it is not made. */
export function changeRules<T>(
  { metadata, clock }: RuleBook,
  by: Ruler,
  change: (queries: Queries, viewer: Viewer, record: (act: RuleAct) => Promise<void>) => Promise<T>,
): Promise<T> {
  return metadata.transaction(async (queries) => {
    const nowMs = clock.nowMs();
    const viewer = { rules: readRules(await loadAccessRules(queries)), asker: by.asker, nowMs };
    return change(queries, viewer, (act) =>
      recordAct(queries, { ...by.from, ...act, atMs: nowMs, outcome: "success" }),
    );
  });
}
