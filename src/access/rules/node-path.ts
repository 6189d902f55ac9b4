/** The root of the namespace tree; any other node is written as a repository's name is. */
export const ROOT = "";

/** Whether a node is another one or lies below it. */
export function isWithin(path: string, node: string): boolean {
  return node === ROOT || path === node || path.startsWith(`${node}/`);
}
