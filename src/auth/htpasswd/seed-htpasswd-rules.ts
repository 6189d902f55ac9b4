import {
  insertGrant,
  listGrants,
  listRolesOf,
  type MetadataDatabase,
  putRole,
  type Queries,
  startOnce,
} from "../../metadata/index.ts";

const SUBJECT = "source:htpasswd";
const ALL = "**";

/**
 * With a password file alone each of its users may do everything, as in registry:2. Those are rules like all others, made once:
 * they can be looked at, and taken away.
 */
export async function seedHtpasswdRules(metadata: MetadataDatabase, nowMs: number): Promise<void> {
  await metadata.transaction(async (queries) => {
    if (!(await startOnce(queries, { room: "access", name: "htpasswd-rules" }))) return;
    await putRole(queries, { path: "", subject: SUBJECT, role: "writer", nowMs });
    await insertGrant(queries, {
      subject: SUBJECT,
      pathPattern: ALL,
      tagPattern: null,
      actions: ["delete"],
      createdAtMs: nowMs,
      expiresAtMs: null,
    });
  });
}

/** What is left of those rules: whether the role is still there, and which grants. */
export interface HtpasswdRules {
  readonly hasRole: boolean;
  readonly grantIds: readonly number[];
}

/** @returns `undefined`: nothing is left of them */
export async function findHtpasswdRules(queries: Queries): Promise<HtpasswdRules | undefined> {
  const roles = await listRolesOf(queries, SUBJECT);
  const grants = await listGrants(queries);
  const hasRole = roles.some(({ path }) => path === "");
  const grantIds = grants
    .filter(({ subject, pathPattern }) => subject === SUBJECT && pathPattern === ALL)
    .map(({ id }) => id);
  return hasRole || grantIds.length > 0 ? { hasRole, grantIds } : undefined;
}
