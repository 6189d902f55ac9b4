import { insertGrant, type MetadataDatabase, putRole, startOnce } from "../../metadata/index.ts";

/**
 * With a password file alone each of its users may do everything, as in registry:2. Those are rules like all others, made once:
 * they can be looked at, and taken away.
 */
export async function seedHtpasswdRules(metadata: MetadataDatabase, nowMs: number): Promise<void> {
  await metadata.transaction(async (queries) => {
    if (!(await startOnce(queries, { room: "access", name: "htpasswd-rules" }))) return;
    const subject = "source:htpasswd";
    await putRole(queries, { path: "", subject, role: "writer", nowMs });
    await insertGrant(queries, {
      subject,
      pathPattern: "**",
      tagPattern: null,
      actions: ["delete"],
      createdAtMs: nowMs,
      expiresAtMs: null,
    });
  });
}
