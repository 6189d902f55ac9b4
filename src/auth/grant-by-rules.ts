import { isRepositoryName } from "../oci/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import type { AccessDirectory, Action, Caller } from "../access/index.ts";
import { callerOf } from "./ruled-authenticator.ts";
import type { Identity } from "./sign-in/sign-in.ts";
import type { TokenAccess } from "./tokens/token-access.ts";

/**
 * What of the access that a token is asked for with its owner may have; the rest is left out.
 * @param identity `undefined`: nobody in particular
 * @throws RegistryError `password-change-needed`
 */
export function grantByRules(
  directory: AccessDirectory,
  identity: Identity | undefined,
  wanted: readonly TokenAccess[],
): Soon<readonly TokenAccess[]> {
  return whenThere(directory.now(), (view) => {
    const caller = identity ? callerOf(view, identity) : view.anonymous;
    return wanted
      .map((access) => ({ ...access, actions: access.actions.filter((action) => mayHave(caller, access, action)) }))
      .filter(({ actions }) => actions.length > 0);
  });
}

/** What somebody must be able to do in a repository, on some tags at least, to be given a token's action. */
const NEEDED: ReadonlyMap<string, readonly Action[]> = new Map([
  ["pull", ["pull"]],
  ["push", ["upload"]],
  ["delete", ["delete", "tag:delete"]],
]);

function mayHave(caller: Caller, { type, name }: TokenAccess, action: string): boolean {
  if (type === "registry") return name === "catalog" && action === "*" && caller.mayList;
  if (type !== "repository" || !isRepositoryName(name)) return false;
  const may = (needed: Action) => caller.refusalOf({ path: name, action: needed, isAnyTagEnough: true }) === undefined;
  if (action === "*") return [...NEEDED.values()].every((needed) => needed.some(may));
  return (NEEDED.get(action) ?? []).some(may);
}
