import { putRole, removeRole } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { nameOfNode, requireMay, requireOwnRole, type Ruler } from "./authority.ts";
import { requireMayBegin } from "./manage-namespaces.ts";
import type { Role } from "./roles.ts";
import { changeRules, type RuleBook } from "./rule-book.ts";
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
export function putMember(book: RuleBook, { path, subject, role }: MemberRole, by: Ruler): Promise<void> {
  return changeRules(book, by, async (queries, viewer, record) => {
    requireMay(viewer, "members:write", path);
    await requireMayBegin(queries, viewer, path);
    requireOwnRole(viewer, role, path);
    const id = await getSubject(queries, subject);
    const before = viewer.rules.nodes.get(path)?.roles.get(id);
    if (before !== undefined) requireOwnRole(viewer, before, path);
    await putRole(queries, { path, subject: id, role, nowMs: viewer.nowMs });
    await record({ act: "role.put", target: path, detail: { subject, role, before: before ?? null } });
  });
}

/**
 * Takes back the role that a subject has on a node; what it has from above stays.
 * @throws RegistryError `not-found`, `denied` also where it is more than the taker has, `bad-request`
 */
export function removeMember(
  book: RuleBook,
  { path, subject }: Pick<MemberRole, "path" | "subject">,
  by: Ruler,
): Promise<void> {
  return changeRules(book, by, async (queries, viewer, record) => {
    requireMay(viewer, "members:write", path);
    const id = await getSubject(queries, subject);
    const role = viewer.rules.nodes.get(path)?.roles.get(id);
    if (role === undefined)
      throw new RegistryError("not-found", `${subject} has no role that was given on ${nameOfNode(path)} itself`);
    requireOwnRole(viewer, role, path);
    await removeRole(queries, { path, subject: id });
    await record({ act: "role.remove", target: path, detail: { subject, role } });
  });
}
