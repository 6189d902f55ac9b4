import type { Action, Role, SystemRole } from "./roles.ts";

/** Who may pull: everybody · whoever is signed in · whoever has a role or a grant. */
export const VISIBILITIES = ["public", "internal", "private"] as const;

export type Visibility = (typeof VISIBILITIES)[number];

/** Whom a rule is about: an account, a group, whoever signs in by a source such as `htpasswd`, or whoever is signed in. */
export type Subject = `account:${number}` | `group:${number}` | `source:${string}` | "signed-in";

/** What a node of the namespace tree says; what it does not say it has from the nearest node above it that does. */
export interface NodeRules {
  readonly visibility?: Visibility | undefined;
  /** They hold for the node and all below it. */
  readonly roles: ReadonlyMap<Subject, Role>;
}

/** Some actions, beside all roles, for a subject on some repositories and tags. */
export interface GrantRule {
  readonly id: number;
  readonly subject: Subject;
  /** As it was written. */
  readonly pathPattern: string;
  readonly mayBePath: (path: string) => boolean;
  /** Absent: all tags. */
  readonly mayBeTag?: ((tag: string) => boolean) | undefined;
  /** With those that come with them. */
  readonly actions: ReadonlySet<Action>;
  /** `undefined`: for good. */
  readonly expiresAtMs: number | undefined;
}

/** All rules at one time. The root of the tree is the path `""`. */
export interface AccessRules {
  readonly nodes: ReadonlyMap<string, NodeRules>;
  readonly grants: ReadonlyMap<Subject, readonly GrantRule[]>;
}

/** Who asks, as far as rules are concerned. */
export interface Asker {
  /** Empty for who is not signed in. */
  readonly subjects: readonly Subject[];
  readonly systemRole?: SystemRole | undefined;
}

export interface AccessRequest {
  /** A repository's name, or a node. */
  readonly path: string;
  readonly action: Action;
  /** The tag that it is about; absent: all of the repository. */
  readonly tag?: string | undefined;
  /** It is about no tag, so that a grant for some tags is as good as one for all: for digests, which do not tell whose they are. */
  readonly isAnyTagEnough?: boolean;
  /** The name that it was asked for under, which leads to `path`: a token for that one is good for this. */
  readonly askedAs?: string | undefined;
}
