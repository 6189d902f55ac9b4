import { stringify } from "yaml";
import type { z } from "zod";
import { factsOf, schema, shapeOf } from "./keys/index.ts";
import type { LoadedConfig } from "./load-config.ts";
import { childAt, isRawMap, type RawValue } from "./raw-tree.ts";

const mask = "***";

/** The configuration in force, as a file that could be used in its place: with all defaults, without secrets. */
export function printConfig({ settings }: Pick<LoadedConfig, "settings">): string {
  const shown = shownValue(schema, settings) ?? {};
  return stringify(shown, { schema: "failsafe", lineWidth: 0 });
}

function shownValue(keySchema: z.ZodType, value: RawValue | undefined): RawValue | undefined {
  const facts = factsOf(keySchema);
  if (facts.secret === true && value !== undefined) return mask;
  const shape = shapeOf(keySchema);
  switch (shape.kind) {
    case "value":
      return value === undefined ? facts.defaultText : withoutUserInfo(value);
    case "map":
    case "list":
      return shownItems(shape.item, value);
    case "group":
      return shownGroup(shape.children, value, keySchema);
    case "opaque":
  }
  return undefined;
}

function shownItems(item: z.ZodType, value: RawValue | undefined): RawValue | undefined {
  const show = (inner: RawValue) => shownValue(item, inner) ?? "";
  if (Array.isArray(value)) return value.map(show);
  if (!isRawMap(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, show(inner)]));
}

function shownGroup(children: ReadonlyMap<string, z.ZodType>, value: RawValue | undefined, keySchema: z.ZodType) {
  // Only an optional group takes nothing for nothing: the others fill in their defaults.
  const mayBeAbsent = keySchema.safeParse(undefined).data === undefined;
  if (value === undefined && mayBeAbsent) return undefined;
  const shown = [...children].flatMap(([key, child]) => {
    const inner = shownValue(child, childAt(value, key));
    return inner === undefined || (isEmptyMap(inner) && childAt(value, key) === undefined)
      ? []
      : [[key, inner] as const];
  });
  return Object.fromEntries(shown);
}

function isEmptyMap(value: RawValue): boolean {
  return isRawMap(value) && Object.keys(value).length === 0;
}

/** `https://user:password@host` → `https://***@host` */
function withoutUserInfo(value: RawValue): RawValue {
  return typeof value === "string" ? value.replace(/(?<=:\/\/)[^/@\s]+@/u, `${mask}@`) : value;
}
