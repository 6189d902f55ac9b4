/** What can be given by a grant: things to do in a repository or with a node of the namespace tree. */
export const GRANTABLE_ACTIONS = [
  "pull",
  /** With all that is below of tags and referrers. */
  "push",
  /** Of manifests and blobs, and of tags. */
  "delete",
  "tag:create",
  "tag:overwrite",
  "tag:delete",
  "referrers:write",
  "settings:read",
  "settings:write",
  /** To say what a cluster runs: at the root, as its images may be of whatever repositories. */
  "in-use:report",
  "members:write",
  "namespaces:write",
] as const;

/** `upload` is what every way of pushing needs: sending blobs, and manifests by their digest. Whoever may push in any way may do it. */
export const ACTIONS = [...GRANTABLE_ACTIONS, "upload"] as const;

export type Action = (typeof ACTIONS)[number];

const INCLUDED: Readonly<Partial<Record<Action, readonly Action[]>>> = {
  push: ["tag:create", "tag:overwrite", "referrers:write", "upload"],
  "tag:create": ["upload"],
  "tag:overwrite": ["upload"],
  "referrers:write": ["upload"],
  delete: ["tag:delete"],
  "settings:write": ["in-use:report"],
};

export function isGrantable(text: string): text is (typeof GRANTABLE_ACTIONS)[number] {
  return (GRANTABLE_ACTIONS as readonly string[]).includes(text);
}

/** The actions, and those that come with them. */
export function withIncluded(actions: Iterable<Action>): ReadonlySet<Action> {
  return new Set([...actions].flatMap((action) => [action, ...(INCLUDED[action] ?? [])]));
}

/** Each can do what the one before it can, and more. */
export const ROLES = ["reader", "writer", "maintainer", "owner"] as const;

export type Role = (typeof ROLES)[number];

const ADDED: Readonly<Record<Role, readonly Action[]>> = {
  reader: ["pull"],
  writer: ["push"],
  maintainer: ["delete", "settings:read", "settings:write", "members:write"],
  owner: ["namespaces:write"],
};

const FIRST_ROLE_WITH: ReadonlyMap<Action, number> = new Map(
  ROLES.flatMap((role, rank) => [...withIncluded(ADDED[role])].map((action) => [action, rank] as const)),
);

/** Whether a role includes an action. */
export function roleMay(role: Role, action: Action): boolean {
  return ROLES.indexOf(role) >= (FIRST_ROLE_WITH.get(action) ?? ROLES.length);
}

/** The role with more rights. */
export function higherRole(one: Role | undefined, other: Role | undefined): Role | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return ROLES.indexOf(one) >= ROLES.indexOf(other) ? one : other;
}

/** For the whole registry, beside what the tree says. */
export const SYSTEM_ROLES = ["administrator", "auditor"] as const;

export type SystemRole = (typeof SYSTEM_ROLES)[number];

const AUDITOR_ACTIONS: ReadonlySet<Action> = new Set<Action>(["pull", "settings:read"]);

/** An administrator may do everything, an auditor see everything. */
export function systemRoleMay(role: SystemRole, action: Action): boolean {
  return role === "administrator" || AUDITOR_ACTIONS.has(action);
}
