import { sql } from "kysely";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

const raise = preparedQuery((queries, { room, name }: { room: string; name: string }) =>
  queries
    .updateTable("counters")
    .set({ value: sql<number>`value + 1` })
    .where("room", "=", room)
    .where("name", "=", name),
);

/**
 * To be called in every transaction that changes who may do what: accounts, groups, members, visibility, roles, grants, token keys.
 * Every process then looks at the rules anew before its next answer.
 */
export async function raiseAccessGeneration(queries: Queries): Promise<void> {
  await raise(queries, { room: "access", name: "generation" });
}

/** For what is done once in the life of a database. @returns whether this is the first time */
export async function startOnce(
  queries: Queries,
  { room, name }: { readonly room: string; readonly name: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto("counters")
    .values({ room, name, value: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}
