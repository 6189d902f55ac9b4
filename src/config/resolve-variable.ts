import type { z } from "zod";
import { factsOf, shapeOf, type KeyShape } from "./keys/index.ts";
import { variablePiece } from "./list-keys.ts";
import { childAt, isRawMap, type RawValue } from "./raw-tree.ts";

/** Where the value of a variable belongs. */
export type VariableTarget =
  | { readonly kind: "key"; readonly path: (string | number)[]; readonly schema: z.ZodType | undefined }
  /** The variable names a file that holds the value of a secret key. */
  | { readonly kind: "secret-file"; readonly path: (string | number)[] }
  | { readonly kind: "unknown" }
  | { readonly kind: "bad-index"; readonly message: string };

const unknown: VariableTarget = { kind: "unknown" };

/**
 * Walks down the schema, one piece of the variable's name a level.
 *
 * `schema` is `undefined` below keys that do not work: their content has no schema, so it is kept as maps with
 * lower-case names, as registry:2 does for the parameters of a driver.
 */
export function resolveVariable(
  schema: z.ZodType | undefined,
  value: RawValue | undefined,
  pieces: readonly string[],
): VariableTarget {
  const [piece, ...rest] = pieces;
  if (piece === undefined) return { kind: "key", path: [], schema };
  if (piece === "") return unknown;
  const shape = schema === undefined ? ({ kind: "opaque" } as const) : shapeOf(schema);
  if (piece === "FILE" && rest.length === 0 && isSecretText(schema, shape)) return { kind: "secret-file", path: [] };
  switch (shape.kind) {
    case "group":
      return intoGroup(shape.children, value, piece, rest);
    case "list":
      return intoList(shape.item, value, piece, rest);
    case "map":
      return into(mapKey(value, piece), shape.item, value, rest);
    case "opaque":
      if (isIndex(piece) && !isRawMap(value)) return intoList(undefined, value, piece, rest);
      return into(mapKey(value, piece), undefined, value, rest);
    case "value":
  }
  return unknown;
}

function isSecretText(schema: z.ZodType | undefined, shape: KeyShape): boolean {
  return schema !== undefined && factsOf(schema).secret === true && shape.kind !== "map";
}

function into(
  part: string | number,
  schema: z.ZodType | undefined,
  value: RawValue | undefined,
  rest: readonly string[],
) {
  const target = resolveVariable(schema, childAt(value, part), rest);
  return "path" in target ? { ...target, path: [part, ...target.path] } : target;
}

function intoGroup(
  children: ReadonlyMap<string, z.ZodType>,
  value: RawValue | undefined,
  piece: string,
  rest: readonly string[],
): VariableTarget {
  for (const [key, child] of children) {
    if (variablePiece(key, child) === piece || key.toUpperCase() === piece) return into(key, child, value, rest);
  }
  return unknown;
}

function intoList(
  item: z.ZodType | undefined,
  value: RawValue | undefined,
  piece: string,
  rest: readonly string[],
): VariableTarget {
  const length = Array.isArray(value) ? value.length : 0;
  if (!isIndex(piece)) return { kind: "bad-index", message: `"${piece}" is not the index of an entry` };
  const index = Number(piece);
  if (index > length) return { kind: "bad-index", message: `undefined index ${index}: the next free one is ${length}` };
  return into(index, item, value, rest);
}

function isIndex(piece: string): boolean {
  return /^\d{1,6}$/u.test(piece);
}

/** An existing name in any case, else the piece in lower case. */
function mapKey(value: RawValue | undefined, piece: string): string {
  const names = isRawMap(value) ? Object.keys(value) : [];
  return names.find((name) => name.toLowerCase() === piece.toLowerCase()) ?? piece.toLowerCase();
}
