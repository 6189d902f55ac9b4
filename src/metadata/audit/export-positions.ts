import type { Queries } from "../database.ts";

const ROOM = "audit";

/** The last act that an exporter has sent; 0 if it has sent none. */
export async function findExportPosition(queries: Queries, exporter: string): Promise<number> {
  const counter = await queries
    .selectFrom("counters")
    .select("value")
    .where("room", "=", ROOM)
    .where("name", "=", exporter)
    .executeTakeFirst();
  return counter?.value ?? 0;
}

export async function putExportPosition(queries: Queries, exporter: string, sequence: number): Promise<void> {
  await queries
    .insertInto("counters")
    .values({ room: ROOM, name: exporter, value: sequence })
    .onConflict((conflict) => conflict.columns(["room", "name"]).doUpdateSet({ value: sequence }))
    .execute();
}
