import { nodesUpFrom } from "../../metadata/index.ts";
import type { AccessRequest, AccessRules, Asker, GrantRule, Subject, Visibility } from "./access-rules.ts";
import { higherRole, type Role, roleMay, type SystemRole, systemRoleMay } from "./roles.ts";

/** What lets somebody do something. */
export type Permission =
  | { readonly by: "system-role"; readonly role: SystemRole }
  | RolePermission
  | { readonly by: "grant"; readonly grant: GrantRule }
  | { readonly by: "visibility"; readonly visibility: Visibility; readonly node: string };

interface RolePermission {
  readonly by: "role";
  readonly role: Role;
  readonly subject: Subject;
  /** Where it was given. */
  readonly node: string;
}

/** What a node is, and which node says so. */
export interface EffectiveVisibility {
  readonly visibility: Visibility;
  /** `undefined`: none says anything, so it is private. */
  readonly node: string | undefined;
}

/**
 * The one place where it is decided who may do what.
 * @returns what permits it; `undefined`: it is not permitted
 */
export function decideAccess(
  rules: AccessRules,
  asker: Asker,
  request: AccessRequest,
  nowMs: number,
): Permission | undefined {
  const { systemRole } = asker;
  if (systemRole !== undefined && systemRoleMay(systemRole, request.action))
    return { by: "system-role", role: systemRole };
  return (
    findRole(rules, asker, request) ?? findVisibility(rules, asker, request) ?? findGrant(rules, asker, request, nowMs)
  );
}

/** Who sees a repository or a node may know that it exists. */
export function maySee(rules: AccessRules, asker: Asker, path: string, nowMs: number): boolean {
  const { systemRole } = asker;
  if (systemRole !== undefined && systemRoleMay(systemRole, "pull")) return true;
  const pull: AccessRequest = { path, action: "pull" };
  if (findRole(rules, asker, pull) ?? findVisibility(rules, asker, pull)) return true;
  // Whatever it permits, and for whatever tags.
  return asker.subjects.some((subject) =>
    (rules.grants.get(subject) ?? []).some((grant) => isValid(grant, nowMs) && grant.mayBePath(path)),
  );
}

export function visibilityOf(rules: AccessRules, path: string): EffectiveVisibility {
  for (const node of nodesUpFrom(path)) {
    const visibility = rules.nodes.get(node)?.visibility;
    if (visibility !== undefined) return { visibility, node };
  }
  return { visibility: "private", node: undefined };
}

function findRole(rules: AccessRules, asker: Asker, { path, action }: AccessRequest): Permission | undefined {
  const found = findHighestRole(rules, asker, path);
  return found && roleMay(found.role, action) ? found : undefined;
}

/** The highest role that somebody has on a node, or has from above it; of equal ones the nearest. */
export function findHighestRole({ nodes }: AccessRules, { subjects }: Asker, path: string): RolePermission | undefined {
  let found: RolePermission | undefined;
  for (const node of nodesUpFrom(path)) {
    const roles = nodes.get(node)?.roles;
    if (!roles) continue;
    for (const subject of subjects) {
      const role = roles.get(subject);
      if (role !== undefined && role !== found?.role && higherRole(role, found?.role) === role)
        found = { by: "role", role, subject, node };
    }
  }
  return found;
}

function findVisibility(rules: AccessRules, { subjects }: Asker, request: AccessRequest): Permission | undefined {
  if (request.action !== "pull") return undefined;
  const { visibility, node } = visibilityOf(rules, request.path);
  const isOpen = visibility === "public" || (visibility === "internal" && subjects.includes("signed-in"));
  return isOpen && node !== undefined ? { by: "visibility", visibility, node } : undefined;
}

function findGrant(
  { grants }: AccessRules,
  { subjects }: Asker,
  { path, action, tag, isAnyTagEnough }: AccessRequest,
  nowMs: number,
): Permission | undefined {
  for (const subject of subjects) {
    for (const grant of grants.get(subject) ?? []) {
      if (!grant.actions.has(action) || !isValid(grant, nowMs) || !grant.mayBePath(path)) continue;
      if (!grant.mayBeTag || isAnyTagEnough || (tag !== undefined && grant.mayBeTag(tag)))
        return { by: "grant", grant };
    }
  }
  return undefined;
}

function isValid({ expiresAtMs }: GrantRule, nowMs: number): boolean {
  return expiresAtMs === undefined || nowMs < expiresAtMs;
}
