import { findGrant, type GrantRecord, insertGrant, removeGrant as removeGrantRow } from "../../metadata/index.ts";
import type { Change } from "../change.ts";
import { RegistryError } from "../../oci/index.ts";
import { requireOwnRole, roleAt, type Viewer } from "./authority.ts";
import { parsePathPattern } from "./path-pattern.ts";
import { type Action, isGrantable, type Role, roleMay, ROLES } from "./roles.ts";
import { getSubject, type SubjectName } from "./subject-name.ts";

/** Some actions for a subject on all repositories and tags that match. */
export interface NewGrant {
  readonly subject: SubjectName;
  readonly pathPattern: string;
  /** `null`: all tags. */
  readonly tagPattern: string | null;
  readonly actions: readonly Action[];
  /** `null`: for good. */
  readonly expiresAtMs: number | null;
}

/**
 * @returns the new grant's id
 * @throws RegistryError `denied` where it is more than the giver has, `not-found`, `bad-request`
 */
export async function createGrant(change: Change, grant: NewGrant): Promise<number> {
  const { queries } = change;
  const viewer = await change.viewer();
  requireSound(grant, viewer.nowMs);
  requireMayDecide(viewer, grant);
  const subject = await getSubject(queries, grant.subject);
  const id = await insertGrant(queries, { ...grant, subject, createdAtMs: viewer.nowMs });
  await change.record({ act: "grant.create", target: grant.pathPattern, detail: { id, ...grant } });
  return id;
}

/** @throws RegistryError `not-found`, also for who must not know of it */
export async function removeGrant(change: Change, id: number): Promise<void> {
  const { queries } = change;
  const viewer = await change.viewer();
  const grant = await findGrant(queries, id);
  if (!grant || !maySeeGrant(viewer, grant)) throw grantNotFound(id);
  requireMayDecide(viewer, { ...grant, actions: grant.actions.filter(isGrantable) });
  await removeGrantRow(queries, id);
  const { subject, pathPattern, tagPattern, actions } = grant;
  await change.record({ act: "grant.remove", target: pathPattern, detail: { id, subject, tagPattern, actions } });
}

/** Who decides about the members of all that a grant may be about sees it. */
export function maySeeGrant(viewer: Viewer, { pathPattern }: Pick<GrantRecord, "pathPattern">): boolean {
  if (viewer.asker.systemRole !== undefined) return true;
  const role = roleAt(viewer, nodeOfPattern(pathPattern));
  return role !== undefined && roleMay(role, "members:write");
}

export function grantNotFound(id: number): RegistryError {
  return new RegistryError("not-found", `there is no grant ${id}`);
}

/** The node that holds everything that a pattern may match: its parts before the first with a star. */
export function nodeOfPattern(pathPattern: string): string {
  const parts = pathPattern.split("/");
  const firstOpen = parts.findIndex((part) => part.includes("*"));
  return parts.slice(0, firstOpen < 0 ? parts.length : firstOpen).join("/");
}

function requireSound({ pathPattern, actions, expiresAtMs }: NewGrant, nowMs: number): void {
  try {
    parsePathPattern(pathPattern);
  } catch (error) {
    throw new RegistryError("bad-request", (error as Error).message, { cause: error });
  }
  if (actions.length === 0) throw new RegistryError("bad-request", "a grant is for one action or more");
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    throw new RegistryError("bad-request", "the time at which the grant ends has passed");
}

/** Who gives some actions on all of a node could give a role that has them. */
function requireMayDecide(viewer: Viewer, { pathPattern, actions }: Pick<NewGrant, "pathPattern" | "actions">): void {
  requireOwnRole(viewer, lowestRoleWith(actions), nodeOfPattern(pathPattern));
}

/** The lowest role that may do all of them. */
export function lowestRoleWith(actions: readonly Action[]): Role {
  return ROLES.find((role) => actions.every((action) => roleMay(role, action))) ?? "owner";
}
