import { findNodeSettings, nodesUpFrom, type NodeSetting, type Queries } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { isPermitted, nameOfNode, requireMay, type Viewer } from "./authority.ts";

/** What limits those who have a node is not for them to lift. */
const SAID_FROM_ABOVE: ReadonlySet<string> = new Set(["quota", "delete-approval"]);

/** Where two decide about deletes nobody says alone what goes by itself. */
const SAYS_WHAT_GOES: ReadonlySet<string> = new Set(["keep-labels", "kept-tags", "retention", "untagged"]);

/**
 * @throws RegistryError `not-found` for who must not know of the node, `denied`
 */
export async function requireMaySay(
  queries: Queries,
  viewer: Viewer,
  { path, name }: Pick<NodeSetting, "path" | "name">,
): Promise<void> {
  requireMay(viewer, "settings:write", path);
  if (SAID_FROM_ABOVE.has(name)) requireMaySayFromAbove(viewer, { path, name });
  if (SAYS_WHAT_GOES.has(name)) await requireMayLetGo(queries, viewer, { path, what: `the ${name}` });
}

/**
 * Whether somebody may say what goes by itself at a path, which nobody does alone where two decide about deletes.
 * @param said.what as people read it, such as "the retention"
 * @throws RegistryError `denied`
 */
export async function requireMayLetGo(
  queries: Queries,
  viewer: Viewer,
  said: { readonly path: string; readonly what: string },
): Promise<void> {
  const { path, what } = said;
  const node = await findApprovalNode(queries, path);
  if (node === undefined || maySayFromAbove(viewer, node)) return;
  const why = `a second person has to approve what is deleted there, as ${nameOfNode(node)} says`;
  throw new RegistryError(
    "denied",
    `${what} of ${nameOfNode(path)} is for those to say who may take that back: ${why}`,
  );
}

/**
 * Whether somebody may take content to where they could delete it alone: who may lift the rule that wants a second person, or comes to one
 * that is no more theirs to lift.
 * @throws RegistryError `denied`
 */
export async function requireMayLeave(
  queries: Queries,
  viewer: Viewer,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const node = await findApprovalNode(queries, from);
  if (node === undefined || maySayFromAbove(viewer, node)) return;
  const next = await findApprovalNode(queries, to);
  if (next !== undefined && !maySayFromAbove(viewer, next)) return;
  const what = `a second person has to approve what is deleted in ${from}, as ${nameOfNode(node)} says`;
  throw new RegistryError("denied", `${what}: it is for those to move it to ${to} who may take that back`);
}

/** The outermost node at or above a path that wants a second person for deletes; those below it can only add to that. */
async function findApprovalNode(queries: Queries, path: string): Promise<string | undefined> {
  const said = await findNodeSettings(queries, [...nodesUpFrom(path)]);
  const nodes = said
    .filter(({ name, value }) => name === "delete-approval" && (value as { readonly required: boolean }).required)
    .map((setting) => setting.path);
  return nodes.toSorted((one, other) => one.length - other.length)[0];
}

function maySayFromAbove(viewer: Viewer, path: string): boolean {
  const [, above = path] = nodesUpFrom(path);
  return isPermitted(viewer, { path: above, action: "settings:write" });
}

function requireMaySayFromAbove(viewer: Viewer, { path, name }: Pick<NodeSetting, "path" | "name">): void {
  if (maySayFromAbove(viewer, path)) return;
  const [, above = path] = nodesUpFrom(path);
  const [node, from] = [nameOfNode(path), nameOfNode(above)];
  throw new RegistryError("denied", `the ${name} of ${node} is for those to say who may say settings of ${from}`);
}
