import {
  BEHIND_ALL_NAMES,
  findFirstName,
  isNameTaken,
  listRepositoriesIn,
  type Queries,
  stretchBelow,
} from "../../metadata/index.ts";
import type { Visibility } from "./access-rules.ts";
import { nodeNotFound, type Viewer } from "./authority.ts";
import { maySee, visibilityOf } from "./decide-access.ts";
import { isWithin, ROOT } from "./node-path.ts";

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

/** How many repositories are looked at in one go. */
const ROWS_AT_ONCE = 200;

/**
 * A node as it is for who asks: what they must not know of is not there.
 * @throws RegistryError `not-found`
 */
export async function getNode(queries: Queries, viewer: Viewer, path: string): Promise<NamespaceNode> {
  const isThere = path === ROOT || ((await isNodeThere(queries, path)) && (await isNodeSeen(queries, viewer, path)));
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

/** Who sees something below a node sees the way to it. */
async function isNodeSeen(queries: Queries, viewer: Viewer, path: string): Promise<boolean> {
  const { rules, asker, nowMs } = viewer;
  const isSeen = (name: string) => maySee(rules, asker, name, nowMs);
  if (isSeen(path)) return true;
  for (const node of rules.nodes.keys()) if (node !== path && isWithin(node, path) && isSeen(node)) return true;
  // What no node lets them see they can only see by a grant.
  if (!asker.subjects.some((subject) => rules.grants.has(subject))) return false;
  const stretch = stretchBelow(path);
  for (let after = stretch.after; ;) {
    const names = await listRepositoriesIn(queries, { ...stretch, after }, ROWS_AT_ONCE);
    if (names.some(isSeen)) return true;
    const last = names.at(-1);
    if (last === undefined || names.length < ROWS_AT_ONCE) return false;
    after = last;
  }
}

function nodeOf({ rules }: Viewer, path: string): NamespaceNode {
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
export async function listChildren(queries: Queries, viewer: Viewer, page: ChildrenPage): Promise<ChildList> {
  const nodes: NamespaceNode[] = [];
  const whole = stretchBelow(page.parent);
  let after = page.after > whole.after ? page.after : whole.after;
  while (nodes.length < page.limit) {
    const name = await findFirstName(queries, { ...whole, after });
    if (name === undefined) return { nodes, next: undefined };
    const child = childOf(page.parent, name);
    // Names such as a-b sort between a and a/b: a child may come by once more, after its neighbours.
    const isNew = name === child || !(await isNameTaken(queries, child));
    if (isNew && (await isNodeSeen(queries, viewer, child))) nodes.push(nodeOf(viewer, child));
    after = name === child ? child : `${child}/${BEHIND_ALL_NAMES}`;
  }
  return { nodes, next: after };
}

function childOf(parent: string, name: string): string {
  const end = name.indexOf("/", parent === ROOT ? 0 : parent.length + 1);
  return end < 0 ? name : name.slice(0, end);
}
