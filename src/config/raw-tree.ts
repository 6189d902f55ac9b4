/**
 * The configuration before it has types: all scalars as the text that was written, so that `realm: 0123` and
 * `REGISTRY_AUTH_HTPASSWD_REALM=0123` mean the same. Empty text stands for nothing (`key:`, `null`, `~`).
 */
export type RawValue = string | RawList | RawMap;
export type RawList = RawValue[];
export interface RawMap {
  [key: string]: RawValue;
}

/** The way from the root to a key; numbers are indexes of lists. */
export type KeyPath = readonly (string | number)[];

export function isRawMap(value: RawValue | undefined): value is RawMap {
  return typeof value === "object" && !Array.isArray(value);
}

/** `["health", "http", 0, "uri"]` → `health.http[0].uri` */
export function formatPath(path: KeyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** What stands under one key of a map or one index of a list. */
export function childAt(value: RawValue | undefined, part: string | number): RawValue | undefined {
  if (Array.isArray(value)) return typeof part === "number" ? value[part] : undefined;
  return isRawMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}

export function valueAt(root: RawValue, path: KeyPath): RawValue | undefined {
  return path.reduce<RawValue | undefined>(childAt, root);
}

/** The text under the path; `undefined` when nothing, or something other than text, stands there. */
export function textAt(root: RawValue, path: KeyPath): string | undefined {
  const value = valueAt(root, path);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Puts a value under the path and makes the maps and lists on the way; text that stands in the way is replaced. */
export function setAt(root: RawMap, path: KeyPath, value: RawValue): void {
  let holder: RawMap | RawList = root;
  for (const [step, part] of path.entries()) {
    const next = path[step + 1];
    if (next === undefined) {
      put(holder, part, value);
      return;
    }
    const present = childAt(holder, part);
    const inner: RawMap | RawList = typeof present === "object" ? present : typeof next === "number" ? [] : {};
    put(holder, part, inner);
    holder = inner;
  }
}

function put(holder: RawMap | RawList, part: string | number, value: RawValue): void {
  // defineProperty, because plain assignment to `__proto__` would change the map instead of adding a key
  Object.defineProperty(holder, part, { value, writable: true, enumerable: true, configurable: true });
}
