import type { z } from "zod";
import type { Findings } from "./findings.ts";
import { factsOf, shapeOf, type KeyFacts } from "./keys/index.ts";
import { listKeys } from "./list-keys.ts";
import { nearest } from "./nearest-key.ts";
import { formatPath, isRawMap, type KeyPath, type RawMap, type RawValue } from "./raw-tree.ts";
import { parseFlag } from "./values/index.ts";

/**
 * Leaves only keys that work, in the shape that the schema expects. Unknown and refused keys become problems,
 * keys that are not needed become warnings, empty values disappear, and one value where a list is expected
 * becomes a list of one.
 */
export function settle(schema: z.ZodType, value: RawValue, path: KeyPath, findings: Findings): RawValue | undefined {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "group":
      return settleGroup(shape.children, value === "" ? {} : value, path, findings);
    case "map":
      return isRawMap(value) ? settleMap(shape.item, value, path, findings) : orNothing(value);
    case "list":
      return isRawMap(value) ? value : settleList(shape.item, value, path, findings);
    case "value":
      return orNothing(value);
    case "opaque":
      judge(factsOf(schema), value, path, findings);
  }
  return undefined;
}

function orNothing(value: RawValue): RawValue | undefined {
  return value === "" ? undefined : value;
}

function settleGroup(children: ReadonlyMap<string, z.ZodType>, value: RawValue, path: KeyPath, findings: Findings) {
  if (!isRawMap(value)) return value;
  const settled: RawMap = {};
  for (const [key, inner] of Object.entries(value)) {
    const keyPath = [...path, key];
    const child = children.get(key);
    if (child === undefined) {
      const meant = suggestionFor(key, path, children.keys());
      findings.problem(keyPath, `is no key of the configuration${meant ? "" : whatThereIs(children)}`, meant);
      continue;
    }
    const kept = settle(child, inner, keyPath, findings);
    if (kept !== undefined) settled[key] = kept;
  }
  return settled;
}

function whatThereIs(children: ReadonlyMap<string, z.ZodType>): string {
  const working = [...children].filter(([, child]) => factsOf(child).status === "works").map(([key]) => key);
  return `; what works here: ${working.join(", ")}`;
}

function settleMap(item: z.ZodType, value: RawMap, path: KeyPath, findings: Findings): RawMap {
  const settled: RawMap = {};
  for (const [key, inner] of Object.entries(value)) {
    const kept = settle(item, inner, [...path, key], findings);
    if (kept !== undefined) settled[key] = kept;
  }
  return settled;
}

function settleList(item: z.ZodType, value: Exclude<RawValue, RawMap>, path: KeyPath, findings: Findings) {
  if (value.length === 0) return undefined;
  const items = typeof value === "string" ? [value] : value;
  return items.map((inner, index) => settle(item, inner, [...path, index], findings) ?? "");
}

function judge(facts: KeyFacts, value: RawValue, path: KeyPath, findings: Findings): void {
  if (facts.evenEmpty !== true && asksForNothing(value)) return;
  const instead = (facts.instead ?? "").replace(/\.$/u, "");
  if (facts.status === "refused") findings.problem(path, `does not work: ${instead}`);
  else findings.warning(path, `is not needed: ${instead}`);
}

/** Empty, switched off, or holding only what is: nothing of it would have had an effect. */
function asksForNothing(value: RawValue): boolean {
  if (typeof value === "string") return value === "";
  if (Array.isArray(value)) return value.every(asksForNothing);
  if (saysFlag(value["disabled"], true) || saysFlag(value["enabled"], false)) return true;
  return Object.values(value).every(asksForNothing);
}

function saysFlag(value: RawValue | undefined, wanted: boolean): boolean {
  return typeof value === "string" && parseFlag(value) === wanted;
}

/** A key beside it with nearly this name, else one elsewhere with this name (`delete` → `storage.delete`). */
function suggestionFor(key: string, path: KeyPath, siblings: Iterable<string>): string | undefined {
  const sibling = nearest(key, siblings);
  if (sibling !== undefined) return formatPath([...path, sibling]);
  return listKeys().find((known) => known.path.endsWith(`.${key}`))?.path;
}
