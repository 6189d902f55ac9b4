import { isRepositoryName, parseRepositoryName } from "../../oci/index.ts";

/** The root of the namespace tree. */
export const ROOT = "";

/**
 * A node of the namespace tree: the root is `""`, any other is written as a repository's name is.
 * @throws RegistryError `name-invalid`
 */
export function parseNodePath(text: string): string {
  return text === ROOT ? ROOT : parseRepositoryName(text);
}

export function isNodePath(text: string): boolean {
  return text === ROOT || isRepositoryName(text);
}

/** Whether a node is another one or lies below it. */
export function isWithin(path: string, node: string): boolean {
  return node === ROOT || path === node || path.startsWith(`${node}/`);
}
