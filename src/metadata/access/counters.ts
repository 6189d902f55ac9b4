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
