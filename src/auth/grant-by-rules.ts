import { isRepositoryName, type RepositoryName } from "../oci/index.ts";
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
  { wanted, findMovedName }: TokenWishes,
): Soon<readonly TokenAccess[]> {
  return whenThere(directory.now(), async (view) => {
    const caller = identity ? callerOf(view, identity) : view.anonymous;
    const granted: TokenAccess[] = [];
    for (const access of wanted) {
      const actions = access.actions.filter((action) => mayHave(caller, access, action));
      const refused = access.actions.filter((action) => !actions.includes(action));
      if (refused.length > 0)
        actions.push(...(await grantMoved(caller, { ...access, actions: refused }, findMovedName)));
      if (actions.length > 0) granted.push({ ...access, actions });
    }
    return granted;
  });
}

export interface TokenWishes {
  readonly wanted: readonly TokenAccess[];
  /** The name that a repository has now which had this one. */
  readonly findMovedName: (name: RepositoryName) => Promise<RepositoryName | undefined>;
}

/** Under a name that leads to another one may have what one may have there. */
async function grantMoved(
  caller: Caller,
  access: TokenAccess,
  findMovedName: TokenWishes["findMovedName"],
): Promise<readonly string[]> {
  const { type, name, actions } = access;
  const moved = type === "repository" && isRepositoryName(name) ? await findMovedName(name) : undefined;
  return moved === undefined ? [] : actions.filter((action) => mayHave(caller, { ...access, name: moved }, action));
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
