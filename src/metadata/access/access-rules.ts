import type { Selectable } from "kysely";
import type { Queries } from "../database.ts";
import { listNodesWithSettings } from "../settings/node-settings.ts";
import { raiseAccessGeneration } from "./counters.ts";
import type { AccessSchema } from "./schema.ts";

/** A node of the namespace tree that says something itself; the root is `""`. */
export interface NamespaceRecord {
  readonly path: string;
  readonly visibility: AccessSchema["namespaces"]["visibility"];
}

/** `subject` is `account:<id>`, `group:<id>`, `source:<name>` or `signed-in`. */
export interface RoleRecord {
  readonly path: string;
  readonly subject: string;
  readonly role: AccessSchema["roles"]["role"];
}

export interface GrantRecord {
  readonly id: number;
  readonly subject: string;
  readonly pathPattern: string;
  /** `null`: all tags. */
  readonly tagPattern: string | null;
  readonly actions: readonly string[];
  readonly createdAtMs: number;
  /** `null`: for good. */
  readonly expiresAtMs: number | null;
}

export interface AccessRuleRecords {
  readonly generation: number;
  readonly namespaces: readonly NamespaceRecord[];
  readonly roles: readonly RoleRecord[];
  readonly grants: readonly GrantRecord[];
  /** Nodes that say something of what is kept there; who may do what is the same. */
  readonly nodesWithSettings: readonly string[];
}

/** All rules at once, as they are at one moment. */
export async function loadAccessRules(queries: Queries): Promise<AccessRuleRecords> {
  // The number first: rules that come after it are read again at the next look.
  const { value: generation } = await queries
    .selectFrom("counters")
    .select("value")
    .where("room", "=", "access")
    .where("name", "=", "generation")
    .executeTakeFirstOrThrow();
  const namespaces = await queries.selectFrom("namespaces").select(["path", "visibility"]).execute();
  const roles = await queries.selectFrom("roles").select(["path", "subject", "role"]).execute();
  const nodesWithSettings = await listNodesWithSettings(queries);
  return { generation, namespaces, roles, grants: await listGrants(queries), nodesWithSettings };
}

/** In the order in which they were made. */
export async function listGrants(queries: Queries): Promise<readonly GrantRecord[]> {
  const rows = await queries.selectFrom("grants").selectAll().orderBy("id").execute();
  return rows.map(toGrant);
}

export async function findGrant(queries: Queries, id: number): Promise<GrantRecord | undefined> {
  const row = await queries.selectFrom("grants").selectAll().where("id", "=", id).executeTakeFirst();
  return row && toGrant(row);
}

function toGrant(row: Selectable<AccessSchema["grants"]>): GrantRecord {
  return {
    id: row.id,
    subject: row.subject,
    pathPattern: row.path_pattern,
    tagPattern: row.tag_pattern,
    actions: row.actions.split(","),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

/** Says what a node is; `null` takes it back, so that it is what the node above it is, and nothing is left of it. */
export async function putVisibility(
  queries: Queries,
  { path, visibility, nowMs }: NamespaceRecord & { readonly nowMs: number },
): Promise<void> {
  await raiseAccessGeneration(queries);
  if (visibility === null) {
    await queries.deleteFrom("namespaces").where("path", "=", path).execute();
    return;
  }
  await queries
    .insertInto("namespaces")
    .values({ path, visibility, created_at_ms: nowMs, updated_at_ms: nowMs })
    .onConflict((conflict) => conflict.column("path").doUpdateSet({ visibility, updated_at_ms: nowMs }))
    .execute();
}

/** Removes what the node says itself, roles and settings included, and nothing below it. @returns whether it said anything */
export async function removeNamespace(queries: Queries, path: string): Promise<boolean> {
  const roles = await queries.deleteFrom("roles").where("path", "=", path).executeTakeFirst();
  const node = await queries.deleteFrom("namespaces").where("path", "=", path).executeTakeFirst();
  const settings = await queries.deleteFrom("node_settings").where("path", "=", path).executeTakeFirst();
  await raiseAccessGeneration(queries);
  return roles.numDeletedRows + node.numDeletedRows + settings.numDeletedRows > 0n;
}

/** Gives the subject this role on the node, in the place of the one it had. */
export async function putRole(
  queries: Queries,
  { path, subject, role, nowMs }: RoleRecord & { readonly nowMs: number },
): Promise<void> {
  await queries
    .insertInto("roles")
    .values({ path, subject, role, created_at_ms: nowMs })
    .onConflict((conflict) => conflict.columns(["path", "subject"]).doUpdateSet({ role }))
    .execute();
  await raiseAccessGeneration(queries);
}

/** The roles that a subject was given itself, in the order of the paths. */
export async function listRolesOf(queries: Queries, subject: string): Promise<readonly RoleRecord[]> {
  return queries
    .selectFrom("roles")
    .select(["path", "subject", "role"])
    .where("subject", "=", subject)
    .orderBy("path")
    .execute();
}

/** @returns whether there was one */
export async function removeRole(
  queries: Queries,
  { path, subject }: Pick<RoleRecord, "path" | "subject">,
): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("roles")
    .where("path", "=", path)
    .where("subject", "=", subject)
    .executeTakeFirst();
  await raiseAccessGeneration(queries);
  return numDeletedRows > 0n;
}

/** @returns its id */
export async function insertGrant(queries: Queries, grant: Omit<GrantRecord, "id">): Promise<number> {
  const { id } = await queries
    .insertInto("grants")
    .values({
      subject: grant.subject,
      path_pattern: grant.pathPattern,
      tag_pattern: grant.tagPattern,
      actions: grant.actions.join(","),
      created_at_ms: grant.createdAtMs,
      expires_at_ms: grant.expiresAtMs,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await raiseAccessGeneration(queries);
  return id;
}

/** @returns whether there was one */
export async function removeGrant(queries: Queries, id: number): Promise<boolean> {
  const { numDeletedRows } = await queries.deleteFrom("grants").where("id", "=", id).executeTakeFirst();
  await raiseAccessGeneration(queries);
  return numDeletedRows > 0n;
}

/** Takes away all that a subject was given, such as when its account goes. */
export async function removeRulesOf(queries: Queries, subject: string): Promise<void> {
  await queries.deleteFrom("roles").where("subject", "=", subject).execute();
  await queries.deleteFrom("grants").where("subject", "=", subject).execute();
  await raiseAccessGeneration(queries);
}
