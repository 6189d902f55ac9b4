import { type Kysely, type Migration, sql } from "kysely";

/** Which bytes storage is asked to remove and has not answered yet. */
export const removalsUnderWay: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table blobs add column removing_since_ms integer`,
  // Whoever gives a repository the blob undoes its condemnation: not while its bytes may still go, or it would be broken.
  `create trigger blob_being_removed before update of condemned_at_ms on blobs
    when new.condemned_at_ms is null and old.removing_since_ms is not null begin
    select raise(abort, 'storage is still removing the bytes of this blob');
  end`,
];
