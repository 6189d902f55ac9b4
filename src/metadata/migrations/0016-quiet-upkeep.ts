import { type Kysely, type Migration, sql } from "kysely";
import { candidates, CUT_ATTACHED_CANDIDATES, NOW } from "./candidate-statements.ts";

/** What of jobs is not worth being remembered, how far some of them are, and what tags of long digests attach. */
export const quietUpkeep: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table jobs add column is_quiet integer not null default 0`,
  // One row of a kind: the next one takes its place.
  `create index jobs_quiet on jobs (kind) where is_quiet = 1`,

  // How far the histories of tags were looked through. Numbers are given out again once the last row has gone.
  `create trigger tag_change_gone_shortened after delete on tag_history
    when old.id > (select coalesce(max(id), 0) from tag_history) begin
    update counters set value = min(value, (select coalesce(max(id), 0) from tag_history)) where room = 'history';
  end`,

  // As they were, but for tags of digests that are too long for one.
  `drop trigger manifest_going`,
  `create trigger manifest_going before delete on manifests begin
    ${candidates(`select 'manifest', c.repository_id, c.id, 1, ${NOW}
      from manifest_references r join manifests c on c.repository_id = r.repository_id and c.digest = r.digest
      where r.manifest_id = old.id and r.kind = 'manifest'`)}
    ${CUT_ATTACHED_CANDIDATES}
  end`,
  `drop trigger bin_entry_gone`,
  `create trigger bin_entry_gone after delete on bin_entries when old.kind = 'manifest' begin
    ${CUT_ATTACHED_CANDIDATES}
  end`,
];
