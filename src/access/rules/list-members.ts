import { nodesUpFrom, type Queries } from "../../metadata/index.ts";
import { requireMay, type Viewer } from "./authority.ts";
import { getNode } from "./namespace-tree.ts";
import type { Role } from "./roles.ts";
import { type SubjectName, SubjectNames } from "./subject-name.ts";

export interface Member {
  readonly subject: SubjectName;
  readonly role: Role;
  /** The node that it was given on: this one, or one above it. */
  readonly origin: string;
}

/**
 * Who has a role on a node, the node's own members first, each node's in the order of their names.
 * @throws RegistryError `not-found`, `denied`
 */
export async function listMembers(queries: Queries, viewer: Viewer, path: string): Promise<readonly Member[]> {
  await getNode(queries, viewer, path);
  requireMay(viewer, "settings:read", path);
  const names = new SubjectNames(queries);
  const members: Member[] = [];
  for (const origin of nodesUpFrom(path)) {
    const own: Member[] = [];
    for (const [subject, role] of viewer.rules.nodes.get(origin)?.roles ?? [])
      own.push({ subject: await names.of(subject), role, origin });
    members.push(...own.sort((a, b) => (a.subject < b.subject ? -1 : 1)));
  }
  return members;
}
