import type { Action, SystemRole } from "../../access/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { type ApiCaller, isSomebody, seesAll, type TagsInQuestion } from "./api-caller.ts";

/**
 * Who may use a route. `open`: everybody · `self`: whoever is signed in, about themself, also while the password must be
 * changed · `signed-in`: whoever is; what they get of it is for the domain to decide · `system`: who has that role, and an
 * administrator may do what an auditor may · `node`: who may do the action there, or sees the node.
 */
export type RoutePermission<Params> =
  | "open"
  | "self"
  | "signed-in"
  | { readonly system: SystemRole }
  | NodePermission<Params>;

interface NodePermission<Params> {
  readonly node: (params: Params) => string;
  readonly action: Action | "see";
  /** Of a repository, as a grant may be for some tags only. */
  readonly tags?: (params: Params) => TagsInQuestion;
}

/** For who may do this at the node that the path names. */
export function atNode(action: NodePermission<unknown>["action"]): NodePermission<{ readonly path: string }> {
  return { node: ({ path }) => path, action };
}

export interface Wish<Params> {
  readonly permission: RoutePermission<Params>;
  readonly params: Params;
  /** Whether it only reads. */
  readonly isSafe: boolean;
}

/**
 * @throws RegistryError `unauthorized`, `password-change-needed`, `denied`, `not-found` for who must not know of a node
 */
export function requirePermission<Params>(caller: ApiCaller, { permission, params, isSafe }: Wish<Params>): void {
  if (permission === "open") return;
  if (!isSomebody(caller)) throw new RegistryError("unauthorized", "authentication required: sign in first");
  if (caller.account?.mustChangePassword && permission !== "self")
    throw new RegistryError("password-change-needed", "the password must be changed before anything else");
  // What such a token was made for is images: it must not become more by way of the rules.
  if (caller.isLimited && (!isSafe || permission === "signed-in"))
    throw new RegistryError("denied", "a token that is good for some things only is not good for this");
  if (typeof permission === "string") return;
  if ("system" in permission) requireSystemRole(caller, permission.system);
  else requireOnNode(caller, permission, params);
}

function requireSystemRole(caller: ApiCaller, role: SystemRole): void {
  if (seesAll(caller) && (role === "auditor" || caller.asker.systemRole === role)) return;
  const who = role === "auditor" ? "auditors and administrators" : "administrators";
  throw new RegistryError("denied", `this is for ${who}, or at the registry's machine for berth with --local`);
}

function requireOnNode<Params>(caller: ApiCaller, permission: NodePermission<Params>, params: Params): void {
  const { action, node, tags } = permission;
  const path = node(params);
  const isSeen = caller.maySee(path);
  // Whether a node is seen by way of what is below it is known to who looks for it, but not what a token is good for.
  if (action === "see" ? isSeen || !caller.isLimited : caller.may(action, path, tags?.(params))) return;
  if (!isSeen) throw new RegistryError("not-found", "there is nothing here");
  throw new RegistryError("denied", `${action} is not permitted to you here`);
}

/** For the description of the API. */
export function describePermission(permission: RoutePermission<never>): string {
  if (permission === "open") return "Everybody.";
  if (permission === "self") return "Whoever is signed in, about themself; also while the password must be changed.";
  if (permission === "signed-in") return "Whoever is signed in.";
  if ("system" in permission)
    return permission.system === "auditor" ? "Auditors and administrators." : "Administrators.";
  return permission.action === "see" ? "Whoever sees the node." : `Whoever may \`${permission.action}\` on the node.`;
}
