import type { Selectable } from "kysely";
import type { Queries } from "../database.ts";
import { raiseAccessGeneration } from "./counters.ts";
import type { AccessSchema } from "./schema.ts";

/** Whose ID tokens make a robot of a job: those of the issuer, for the audience, with all of these claims. */
export interface RobotTrustRecord {
  readonly id: number;
  readonly accountId: number;
  readonly issuer: string;
  readonly audience: string;
  /** By claim, a text in which `*` is any text. */
  readonly claims: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** In the order in which they were made. */
export async function listRobotTrusts(queries: Queries, accountId: number): Promise<readonly RobotTrustRecord[]> {
  const rows = await queries
    .selectFrom("robot_trusts")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
  return rows.map(toTrust);
}

/** Of all robots, in the order in which they were made. */
export async function listRobotTrustsOfIssuer(queries: Queries, issuer: string): Promise<readonly RobotTrustRecord[]> {
  const rows = await queries
    .selectFrom("robot_trusts")
    .selectAll()
    .where("issuer", "=", issuer)
    .orderBy("id")
    .execute();
  return rows.map(toTrust);
}

/** @returns its id */
export async function insertRobotTrust(queries: Queries, trust: Omit<RobotTrustRecord, "id">): Promise<number> {
  const { id } = await queries
    .insertInto("robot_trusts")
    .values({
      account_id: trust.accountId,
      issuer: trust.issuer,
      audience: trust.audience,
      claims: JSON.stringify(trust.claims),
      created_at_ms: trust.createdAtMs,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await raiseAccessGeneration(queries);
  return id;
}

/** @returns whether the account had it */
export async function removeRobotTrust(
  queries: Queries,
  { accountId, id }: Pick<RobotTrustRecord, "accountId" | "id">,
): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("robot_trusts")
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .executeTakeFirst();
  await raiseAccessGeneration(queries);
  return numDeletedRows > 0n;
}

function toTrust(row: Selectable<AccessSchema["robot_trusts"]>): RobotTrustRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    issuer: row.issuer,
    audience: row.audience,
    claims: JSON.parse(row.claims) as Readonly<Record<string, string>>,
    createdAtMs: row.created_at_ms,
  };
}
