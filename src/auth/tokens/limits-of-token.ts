import { isRepositoryName } from "../../oci/index.ts";
import type { Action, TokenLimits } from "../../access/index.ts";
import type { TokenAccess } from "./token-access.ts";

/** What the actions of token scopes stand for. */
const CONTENT_ACTIONS: ReadonlyMap<string, readonly Action[]> = new Map([
  ["pull", ["pull"]],
  ["push", ["push"]],
  ["delete", ["delete"]],
  ["*", ["pull", "push", "delete"]],
]);

/** What a token is good for, in the words of the rules. */
export function limitsOfToken(access: readonly TokenAccess[]): TokenLimits {
  // What is no name could be read as a pattern.
  const repositories = access.filter(({ type, name }) => type === "repository" && isRepositoryName(name));
  return {
    access: repositories.map(({ name, actions }) => ({
      pathPattern: name,
      actions: actions.flatMap((action) => CONTENT_ACTIONS.get(action) ?? []),
    })),
    mayList: access.some(
      ({ type, name, actions }) => type === "registry" && name === "catalog" && actions.includes("*"),
    ),
  };
}
