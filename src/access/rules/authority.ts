import { RegistryError } from "../../oci/index.ts";
import type { AccessRequest, AccessRules, Asker } from "./access-rules.ts";
import { decideAccess, findHighestRole, maySee } from "./decide-access.ts";
import { type Action, higherRole, type Role, roleMay } from "./roles.ts";

/** Somebody under the rules of one moment. */
export interface Viewer {
  readonly rules: AccessRules;
  readonly asker: Asker;
  readonly nowMs: number;
}

/** What somebody may decide about, as the rules are now. A grant lets do, but not give on. */
export function roleAt({ rules, asker }: Pick<Viewer, "rules" | "asker">, path: string): Role | undefined {
  if (asker.systemRole === "administrator") return "owner";
  return findHighestRole(rules, asker, path)?.role;
}

export function isPermitted({ rules, asker, nowMs }: Viewer, request: AccessRequest): boolean {
  return decideAccess(rules, asker, request, nowMs) !== undefined;
}

/**
 * @throws RegistryError `not-found` for who must not know of the node, `denied`
 */
export function requireMay(viewer: Viewer, action: Action, path: string): void {
  const { rules, asker, nowMs } = viewer;
  if (isPermitted(viewer, { path, action })) return;
  if (!maySee(rules, asker, path, nowMs)) throw nodeNotFound(path);
  throw new RegistryError("denied", `${action} on ${nameOfNode(path)} is not permitted to you`);
}

/**
 * Nobody gives, changes or takes away more than they have.
 * @throws RegistryError `denied`
 */
export function requireOwnRole(viewer: Viewer, role: Role, path: string): void {
  const own = roleAt(viewer, path);
  if (own !== undefined && higherRole(own, role) === own && roleMay(own, "members:write")) return;
  const has = own === undefined ? "have no role" : `are ${own}`;
  throw new RegistryError(
    "denied",
    `only who is ${role} there or above decides about that role: you ${has} on ${nameOfNode(path)}`,
  );
}

export function nodeNotFound(path: string): RegistryError {
  return new RegistryError(
    "not-found",
    `there is no namespace ${nameOfNode(path)}: a push, a role or a visibility makes one`,
  );
}

/** As people read it. */
export function nameOfNode(path: string): string {
  return path === "" ? "the root" : path;
}
