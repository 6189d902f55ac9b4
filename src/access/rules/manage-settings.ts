import { findNodeSettings, type NodeSetting, putNodeSetting, removeNodeSetting } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { nameOfNode } from "./authority.ts";
import { requireMayBegin } from "./manage-namespaces.ts";
import { requireMaySay } from "./setting-authority.ts";

/**
 * Says something of what is kept in a node and all below it, in the place of what the node said before. What it means is not looked at.
 * @throws RegistryError `not-found`, `denied`
 */
export async function putSetting(change: Change, { path, name, value }: NodeSetting): Promise<void> {
  const { queries, nowMs } = change;
  const viewer = await change.viewer();
  await requireMaySay(queries, viewer, { path, name });
  await requireMayBegin(queries, viewer, path);
  const before = (await findOwn(change, { path, name })) ?? null;
  await putNodeSetting(queries, { path, name, value, nowMs });
  await change.record({ act: "setting.put", target: path, detail: { setting: name, value, before } });
}

/**
 * Takes back what a node says itself, so that it is as the node above says.
 * @throws RegistryError `not-found`, `denied`
 */
export async function removeSetting(change: Change, { path, name }: Pick<NodeSetting, "path" | "name">): Promise<void> {
  await requireMaySay(change.queries, await change.viewer(), { path, name });
  const value = await findOwn(change, { path, name });
  if (value === undefined) throw new RegistryError("not-found", `${nameOfNode(path)} says nothing of ${name} itself`);
  await removeNodeSetting(change.queries, { path, name });
  await change.record({ act: "setting.remove", target: path, detail: { setting: name, value } });
}

async function findOwn({ queries }: Change, { path, name }: Pick<NodeSetting, "path" | "name">): Promise<unknown> {
  return (await findNodeSettings(queries, [path])).find((said) => said.name === name)?.value;
}
