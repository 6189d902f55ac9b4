import { findRepositoryId, findRepositoryMove } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { ApiCall } from "./route.ts";

/** What is asked for a repository. */
export type RepositoryCall = Pick<ApiCall, "queries" | "caller" | "parts">;

/**
 * The row of a repository. The management API does not follow old names: who may see the new one is told it.
 * @throws RegistryError `name-unknown`
 */
export async function requireRepository(call: RepositoryCall, name: RepositoryName): Promise<number> {
  const id = await findRepositoryId(call.queries, name);
  if (id !== undefined) return id;
  const { queries, caller, parts } = call;
  const { to } = (await findRepositoryMove(queries, name, parts.clock.nowMs())) ?? {};
  const isSeen = to !== undefined && caller.may("pull", to, { isAnyTagEnough: true });
  throw new RegistryError(
    "name-unknown",
    isSeen ? `${name} has another name now: ask for ${to}` : `there is no repository ${name}`,
  );
}
