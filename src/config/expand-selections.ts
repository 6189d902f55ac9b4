import { isRawMap, type RawMap } from "./raw-tree.ts";

/** `storage: s3` and `auth: htpasswd` select a kind by its bare name: they mean `storage: {s3: {}}`. */
export function expandSelections(tree: RawMap): void {
  for (const key of ["storage", "auth"]) {
    const value = tree[key];
    if (typeof value === "string" && value !== "") tree[key] = { [value]: {} };
  }
}

/** The names under a group, `storage` or `auth`. */
export function selectedIn(tree: RawMap, group: string, kinds: readonly string[]): readonly string[] {
  const value = tree[group];
  return isRawMap(value) ? kinds.filter((kind) => Object.hasOwn(value, kind)) : [];
}
