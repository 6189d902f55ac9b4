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
