import { type AccountRecord, listGroupIdsOf, type Queries } from "../../metadata/index.ts";
import type { GrantRule, Subject } from "./access-rules.ts";
import { requireOwnRole, type Viewer } from "./authority.ts";
import { lowestRoleWith, nodeOfPattern } from "./manage-grants.ts";
import { isWithin } from "./node-path.ts";

/**
 * Who has a robot's secret can do what the robot can: a robot of a node is in the hands of those who have there all that it was
 * given there. What it was given elsewhere was given to whoever has it in their hands.
 * @throws RegistryError `denied`
 */
export async function requireAuthorityOver(queries: Queries, viewer: Viewer, robot: AccountRecord): Promise<void> {
  const owner = robot.ownerPath ?? "";
  requireOwnRole(viewer, robot.systemRole === null ? "maintainer" : "owner", owner);
  const groups = await listGroupIdsOf(queries, robot.id);
  const subjects: readonly Subject[] = [`account:${robot.id}`, ...groups.map((id): Subject => `group:${id}`)];
  requireRolesOf(viewer, subjects, owner);
  for (const subject of subjects)
    for (const grant of viewer.rules.grants.get(subject) ?? []) requireGrant(viewer, grant, owner);
}

function requireRolesOf(viewer: Viewer, subjects: readonly Subject[], owner: string): void {
  for (const [node, { roles }] of viewer.rules.nodes) {
    const place = placeWithin(node, owner);
    if (place === undefined) continue;
    for (const subject of subjects) {
      const role = roles.get(subject);
      if (role !== undefined) requireOwnRole(viewer, role, place);
    }
  }
}

function requireGrant(viewer: Viewer, { pathPattern, actions }: GrantRule, owner: string): void {
  const place = placeWithin(nodeOfPattern(pathPattern), owner);
  if (place !== undefined) requireOwnRole(viewer, lowestRoleWith([...actions]), place);
}

/** Where a rule on a node holds within the owner; `undefined`: nowhere. */
function placeWithin(node: string, owner: string): string | undefined {
  if (isWithin(node, owner)) return node;
  return isWithin(owner, node) ? owner : undefined;
}
