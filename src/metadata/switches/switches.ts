import type { Queries } from "../database.ts";
import type { SwitchState } from "../hot-reads.ts";

/** What is switched: the room of the source that obeys it, and a name in it. */
export interface SwitchName {
  readonly room: string;
  readonly name: string;
}

/** Switches on, or puts another state in the place of the one that there is. */
export async function putSwitch(queries: Queries, { room, name }: SwitchName, state: SwitchState): Promise<void> {
  const { reason, actor, sinceMs, untilMs } = state;
  const columns = { reason, actor, since_ms: sinceMs, until_ms: untilMs };
  await queries
    .insertInto("switches")
    .values({ room, name, ...columns })
    .onConflict((conflict) => conflict.columns(["room", "name"]).doUpdateSet(columns))
    .execute();
}

/** @returns what it was, also if its time was over; `undefined` if it was off */
export async function findSwitch(queries: Queries, { room, name }: SwitchName): Promise<SwitchState | undefined> {
  return queries
    .selectFrom("switches")
    .select(["reason", "actor", "since_ms as sinceMs", "until_ms as untilMs"])
    .where("room", "=", room)
    .where("name", "=", name)
    .executeTakeFirst();
}

export async function removeSwitch(queries: Queries, { room, name }: SwitchName): Promise<void> {
  await queries.deleteFrom("switches").where("room", "=", room).where("name", "=", name).execute();
}
