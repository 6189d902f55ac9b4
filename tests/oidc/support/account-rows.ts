import type { Account } from "../../../src/access/accounts/account.ts";
import type { MetadataDatabase } from "../../../src/metadata/index.ts";

export interface NewAccount {
  readonly name: string;
  readonly kind?: "user" | "robot";
  readonly source?: string;
  readonly externalId?: string;
}

/** Puts an account into the database. @returns its id */
export async function addAccount(database: MetadataDatabase, account: NewAccount): Promise<number> {
  const { id } = await database.transaction((queries) =>
    queries
      .insertInto("accounts")
      .values({
        name: account.name,
        kind: account.kind ?? "user",
        source: account.source ?? "local",
        external_id: account.externalId ?? null,
        owner_path: account.kind === "robot" ? "team" : null,
        created_at_ms: 1,
        updated_at_ms: 1,
      })
      .returning("id")
      .executeTakeFirstOrThrow(),
  );
  return id;
}

/** The account as access sees it; of no groups. */
export async function findAccount(database: MetadataDatabase, id: number): Promise<Account | undefined> {
  const row = await database.reads.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) return undefined;
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    source: row.source,
    systemRole: row.system_role ?? undefined,
    ownerPath: row.owner_path ?? undefined,
    groupIds: [],
    generation: row.generation,
    isDisabled: row.is_disabled === 1,
    expiresAtMs: row.expires_at_ms ?? undefined,
    mustChangePassword: row.must_change_password === 1,
  };
}
