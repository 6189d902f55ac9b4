import {
  BEHIND_ALL_NAMES,
  findFirstName,
  isNameListed,
  isNameTaken,
  type Queries,
  stretchBelow,
} from "../../metadata/index.ts";
import type { Visibility } from "./access-rules.ts";
import { nodeNotFound, type Viewer } from "./authority.ts";
import { visibilityOf } from "./decide-access.ts";
import { ROOT } from "./node-path.ts";
import { Sight } from "./sight.ts";

/** A setting as it holds for a node, and which node says so; `undefined`: none does, it is so by default. */
export interface EffectiveSetting<T> {
  readonly value: T;
  readonly origin: string | undefined;
}

export interface NamespaceNode {
  readonly path: string;
  readonly visibility: EffectiveSetting<Visibility>;
  /** Whether it says anything itself. */
  readonly hasRules: boolean;
}

/**
 * A node as it is for who asks: what they must not know of is not there.
 * @throws RegistryError `not-found`
 */
export async function getNode(queries: Queries, viewer: Viewer, path: string): Promise<NamespaceNode> {
  const isThere =
    path === ROOT || ((await isNodeThere(queries, path)) && (await new Sight(queries, viewer).isSeen(path)));
  if (!isThere) throw nodeNotFound(path);
  return nodeOf(viewer, path);
}

/** Whether it has rules of its own, or there is a repository of its name or below it. */
export async function isNodeThere(queries: Queries, path: string): Promise<boolean> {
  return (
    path === ROOT ||
    (await isNameTaken(queries, path)) ||
    (await findFirstName(queries, stretchBelow(path))) !== undefined
  );
}

/** Whether it is there or not. */
export function nodeOf({ rules }: Viewer, path: string): NamespaceNode {
  const { visibility, node } = visibilityOf(rules, path);
  return { path, visibility: { value: visibility, origin: node }, hasRules: rules.nodes.has(path) };
}

export interface ChildrenPage {
  readonly parent: string;
  /** Where the page before ended; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
}

export interface ChildList {
  readonly nodes: readonly NamespaceNode[];
  /** Where the next page starts; `undefined`: this was the last. */
  readonly next: string | undefined;
}

/** The nodes right below another that who asks may see. */
export async function listChildren(
  queries: Queries,
  viewer: Viewer,
  { parent, after: first, limit }: ChildrenPage,
): Promise<ChildList> {
  const sight = new Sight(queries, viewer);
  const nodes: NamespaceNode[] = [];
  for (let after = first; ;) {
    const name = await sight.findFirstBelow(parent, after);
    if (name === undefined) return { nodes, next: undefined };
    if (nodes.length === limit) return { nodes, next: after };
    const child = childOf(parent, name);
    // Names such as a-b sort between a and a/b: a child may come by once more, after its neighbours.
    const isNew = name === child || !sight.maySee(child) || !(await isNameListed(queries, child));
    if (isNew) nodes.push(nodeOf(viewer, child));
    after = name === child ? child : `${child}/${BEHIND_ALL_NAMES}`;
  }
}

function childOf(parent: string, name: string): string {
  const end = name.indexOf("/", parent === ROOT ? 0 : parent.length + 1);
  return end < 0 ? name : name.slice(0, end);
}
