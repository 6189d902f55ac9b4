import type { z } from "zod";
import { factsOf, schema, shapeOf, type KeyFacts, type KeyShape } from "./keys/index.ts";

/** A key as the reference page and the messages show it. */
export interface KeyDescription {
  /** `health.http[].uri` */
  readonly path: string;
  /** `REGISTRY_HEALTH_HTTPCHECKERS_<n>_URI` */
  readonly variable: string;
  readonly kind: KeyShape["kind"];
  readonly facts: KeyFacts;
}

export const variablePrefix = "REGISTRY_";

/** All keys in the order of the schema, groups before what is in them. */
export function listKeys(): readonly KeyDescription[] {
  return [...below(schema, "", "REGISTRY")];
}

function* below(holder: z.ZodType, holderPath: string, holderVariable: string): Generator<KeyDescription> {
  const shape = shapeOf(holder);
  if (shape.kind === "list" && shapeOf(shape.item).kind === "group") {
    yield* below(shape.item, `${holderPath}[]`, `${holderVariable}_<n>`);
  }
  if (shape.kind !== "group") return;
  for (const [name, child] of shape.children) {
    const path = holderPath === "" ? name : `${holderPath}.${name}`;
    const variable = `${holderVariable}_${variablePiece(name, child)}`;
    yield { path, variable, kind: shapeOf(child).kind, facts: factsOf(child) };
    yield* below(child, path, variable);
  }
}

/** How a key is called in the name of a variable. */
export function variablePiece(key: string, keySchema: z.ZodType): string {
  return factsOf(keySchema).environmentName ?? key.toUpperCase();
}
