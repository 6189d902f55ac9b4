import type { Action } from "./roles.ts";

/** Some actions on some repositories: what a token or a secret may be used for at most, whatever its account may do. */
export interface AccessLimit {
  /** As `parsePathPattern` reads it; a repository's own name is one. */
  readonly pathPattern: string;
  readonly actions: readonly Action[];
}
