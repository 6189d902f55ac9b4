import { z } from "zod";
import type { ValueType } from "../values/value-types.ts";

/** `works`; `accepted`: read and not needed, with a warning; `refused`: Berth does not start. */
export type KeyStatus = "works" | "accepted" | "refused";

/** What the schema knows of a key beside the shape of its value; help, messages and the reference page are made of it. */
export interface KeyFacts {
  readonly status: KeyStatus;
  readonly about: string;
  readonly typeName?: string;
  /** As one would write it. */
  readonly defaultText?: string;
  /** In words, where the default depends on another key. */
  readonly defaultNote?: string;
  /** Of an accepted or refused key: why, or what to do instead. */
  readonly instead?: string;
  /** Masked in print, and readable from a file named by a variable that ends in `_FILE`. */
  readonly secret?: boolean;
  /** The piece of the environment variable where it differs from the key in capitals (a Go field name of registry:2). */
  readonly environmentName?: string;
  /** Of an accepted or refused key: naming it says something, even with nothing in it (`storage: {s3: }`). */
  readonly evenEmpty?: boolean;
}

type Extras = Partial<Pick<KeyFacts, "secret" | "environmentName" | "defaultNote">>;

const registeredFacts = z.registry<KeyFacts>();

const noFacts: KeyFacts = { status: "works", about: "" };

export function factsOf(schema: z.ZodType): KeyFacts {
  return registeredFacts.get(schema) ?? noFacts;
}

function withFacts<S extends z.ZodType>(schema: S, facts: KeyFacts): S {
  registeredFacts.add(schema, facts);
  return schema;
}

/** A key with a default, which is written as one would write it in the file. */
export function setting<T>(type: ValueType<T>, fallback: string, about: string, extras: Extras = {}) {
  const facts: KeyFacts = { status: "works", about, typeName: type.name, defaultText: fallback, ...extras };
  return withFacts(type.schema.prefault(fallback), facts);
}

/** A key that may be left away. */
export function optional<T>(type: ValueType<T>, about: string, extras: Extras = {}) {
  return withFacts(type.schema.optional(), { status: "works", about, typeName: type.name, ...extras });
}

/** A key that must be there when its group is. */
export function required<T>(type: ValueType<T>, about: string, extras: Extras = {}) {
  return withFacts(type.schema.clone(), {
    status: "works",
    about,
    typeName: type.name,
    defaultNote: "needed",
    ...extras,
  });
}

/** A key with a list of values; empty when left away. */
export function listOf<T>(type: ValueType<T>, about: string, extras: Extras = {}) {
  const schema = z.array(type.schema, { error: "must be a list" }).prefault([]);
  return withFacts(schema, { status: "works", about, typeName: `list: ${type.name}`, ...extras });
}

/** A key with any names and a value behind each. */
export function mapOf<T>(type: ValueType<T>, about: string, extras: Extras = {}) {
  const schema = z.record(z.string(), type.schema, { error: "must be a group of names and values" }).prefault({});
  return withFacts(schema, { status: "works", about, typeName: `name: ${type.name}`, ...extras });
}

/** A key with header names and the list of values of each. */
export function headersOf(type: ValueType<string>, about: string, extras: Extras = {}) {
  const values = z.array(type.schema, { error: "must be a list" });
  const name = z
    .string()
    .regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/u, { error: "is not a name that an HTTP header may have" });
  const schema = z.record(name, values, { error: "must be a group of header names and lists" }).prefault({});
  return withFacts(schema, { status: "works", about, typeName: "name: list", ...extras });
}

const groupError = { error: "must be a group of keys" };

/** Keys under one name; the group itself may be left away, all its keys have a default or are optional. */
export function group<Shape extends z.ZodRawShape>(about: string, shape: Shape) {
  const schema = z.object(shape, groupError);
  // Sound, because `required` is used only in optional groups and in lists: an empty group is always a valid input.
  return withFacts(schema.prefault({} as z.input<typeof schema>), { status: "works", about });
}

/** Keys under one name, where naming the group means something. */
export function optionalGroup<Shape extends z.ZodRawShape>(about: string, shape: Shape) {
  return withFacts(z.object(shape, groupError).optional(), { status: "works", about });
}

/** A list of groups. */
export function listOfGroups<Shape extends z.ZodRawShape>(about: string, shape: Shape, extras: Extras = {}) {
  const schema = z.array(z.object(shape, groupError), { error: "must be a list" }).prefault([]);
  return withFacts(schema, { status: "works", about, ...extras });
}

type FateExtras = Partial<Pick<KeyFacts, "secret" | "environmentName" | "evenEmpty">>;

/** A key of registry:2 that is read and not needed: a warning says why. */
export function accepted(about: string, instead: string, extras: FateExtras = {}) {
  return withFacts(z.unknown().optional(), { status: "accepted", about, instead, ...extras });
}

/** A key of registry:2 that does not work: Berth says what to do instead and does not start. */
export function refused(about: string, instead: string, extras: FateExtras = {}) {
  return withFacts(z.unknown().optional(), { status: "refused", about, instead, ...extras });
}

/** What the walks over the schema need to know of a key's shape. */
export type KeyShape =
  | { readonly kind: "group"; readonly children: ReadonlyMap<string, z.ZodType> }
  | { readonly kind: "list" | "map"; readonly item: z.ZodType }
  | { readonly kind: "value" }
  /** An accepted or refused key: whatever is below is not looked at. */
  | { readonly kind: "opaque" };

export function shapeOf(schema: z.ZodType): KeyShape {
  if (factsOf(schema).status !== "works") return { kind: "opaque" };
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodObject) return { kind: "group", children: new Map(Object.entries(bare.shape)) };
  if (bare instanceof z.ZodArray) return { kind: "list", item: bare.element as z.ZodType };
  if (bare instanceof z.ZodRecord) return { kind: "map", item: bare.valueType as z.ZodType };
  return { kind: "value" };
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault;
  return isWrapper ? unwrapped(schema.unwrap() as z.ZodType) : schema;
}
