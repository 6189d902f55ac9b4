import { findNodeSettings, putVisibility, type Queries, removeNamespace } from "../../metadata/index.ts";
import type { Change } from "../change.ts";
import type { Visibility } from "./access-rules.ts";
import { nodeNotFound, requireMay, requireOwnRole, type Viewer } from "./authority.ts";
import { requireMaySay } from "./setting-authority.ts";
import { isNodeThere, type NamespaceNode, nodeOf } from "./namespace-tree.ts";

/**
 * Says who may pull from a node and all below it; `null` takes it back, so that it is as the node above.
 * @returns the node as it is then, also if nothing is left of it
 * @throws RegistryError `not-found`, `denied`
 */
export async function setVisibility(
  change: Change,
  { path, visibility }: { readonly path: string; readonly visibility: Visibility | null },
): Promise<NamespaceNode> {
  const { queries } = change;
  const viewer = await change.viewer();
  requireMay(viewer, "settings:write", path);
  await requireMayBegin(queries, viewer, path);
  const before = viewer.rules.nodes.get(path)?.visibility ?? null;
  await putVisibility(queries, { path, visibility, nowMs: viewer.nowMs });
  await change.record({ act: "namespace.update", target: path, detail: { visibility, before } });
  return nodeOf(await change.viewer(), path);
}

/**
 * Removes what a node says itself, its members and settings included. What is below it stays, and so do repositories.
 * @throws RegistryError `not-found`, `denied` also where a member has more than the remover, and where the remover is limited by its quota
 */
export async function deleteNamespace(change: Change, path: string): Promise<void> {
  const { queries } = change;
  const viewer = await change.viewer();
  requireMay(viewer, "namespaces:write", path);
  const rules = viewer.rules.nodes.get(path);
  for (const role of rules?.roles.values() ?? []) requireOwnRole(viewer, role, path);
  const said = await findNodeSettings(queries, [path]);
  for (const setting of said) await requireMaySay(queries, viewer, setting);
  if (!(await removeNamespace(queries, path))) throw nodeNotFound(path);
  const settings = Object.fromEntries(said.map(({ name, value }) => [name, value]));
  const members = Object.fromEntries(rules?.roles ?? []);
  const detail = { visibility: rules?.visibility ?? null, members, settings };
  await change.record({ act: "namespace.delete", target: path, detail });
}

/** A node that is nowhere yet is begun by who may create namespaces. */
export async function requireMayBegin(queries: Queries, viewer: Viewer, path: string): Promise<void> {
  if (!(await isNodeThere(queries, path))) requireMay(viewer, "namespaces:write", path);
}
