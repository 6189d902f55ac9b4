import { nodesUpFrom, type NodeSetting } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { isPermitted, nameOfNode, requireMay, type Viewer } from "./authority.ts";

/** What limits those who have a node is not for them to lift. */
const SAID_FROM_ABOVE: ReadonlySet<string> = new Set(["quota", "delete-approval"]);

/**
 * @throws RegistryError `not-found` for who must not know of the node, `denied`
 */
export function requireMaySay(viewer: Viewer, { path, name }: Pick<NodeSetting, "path" | "name">): void {
  requireMay(viewer, "settings:write", path);
  if (!SAID_FROM_ABOVE.has(name)) return;
  const [, above = path] = nodesUpFrom(path);
  if (isPermitted(viewer, { path: above, action: "settings:write" })) return;
  const [node, from] = [nameOfNode(path), nameOfNode(above)];
  throw new RegistryError("denied", `the ${name} of ${node} is for those to say who may say settings of ${from}`);
}
