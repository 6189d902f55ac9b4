import { putRole, removeRole } from "../../metadata/index.ts";
import type { Change } from "../change.ts";
import { RegistryError } from "../../oci/index.ts";
import { nameOfNode, requireMay, requireOwnRole } from "./authority.ts";
import { requireMayBegin } from "./manage-namespaces.ts";
import type { Role } from "./roles.ts";
import { getSubject, type SubjectName } from "./subject-name.ts";

/** Who is what on which node. */
export interface MemberRole {
  readonly path: string;
  readonly subject: SubjectName;
  readonly role: Role;
}

/**
 * Gives a subject a role on a node and all below it, in the place of the one it had there.
 * @throws RegistryError `not-found`, `denied` also where it is more than the giver has, `bad-request`
 */
export async function putMember(change: Change, { path, subject, role }: MemberRole): Promise<void> {
  const { queries } = change;
  const viewer = await change.viewer();
  requireMay(viewer, "members:write", path);
  await requireMayBegin(queries, viewer, path);
  requireOwnRole(viewer, role, path);
  const id = await getSubject(queries, subject);
  const before = viewer.rules.nodes.get(path)?.roles.get(id);
  if (before !== undefined) requireOwnRole(viewer, before, path);
  await putRole(queries, { path, subject: id, role, nowMs: viewer.nowMs });
  await change.record({ act: "role.put", target: path, detail: { subject, role, before: before ?? null } });
}

/**
 * Takes back the role that a subject has on a node; what it has from above stays.
 * @throws RegistryError `not-found`, `denied` also where it is more than the taker has, `bad-request`
 */
export async function removeMember(
  change: Change,
  { path, subject }: Pick<MemberRole, "path" | "subject">,
): Promise<void> {
  const { queries } = change;
  const viewer = await change.viewer();
  requireMay(viewer, "members:write", path);
  const id = await getSubject(queries, subject);
  const role = viewer.rules.nodes.get(path)?.roles.get(id);
  if (role === undefined)
    throw new RegistryError("not-found", `${subject} has no role that was given on ${nameOfNode(path)} itself`);
  requireOwnRole(viewer, role, path);
  await removeRole(queries, { path, subject: id });
  await change.record({ act: "role.remove", target: path, detail: { subject, role } });
}
