import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";
import { isRawMap, type KeyPath, type RawMap, type RawValue } from "./raw-tree.ts";
import { messageOf } from "../runtime/index.ts";

export interface YamlFile {
  readonly tree: RawMap;
  readonly errors: readonly { readonly line: number; readonly message: string; readonly path: string }[];
  /** Whether `tree` holds what was meant, in spite of the errors. */
  readonly readable: boolean;
  /** The line of the key, or of the nearest group around it (`exact: false`). */
  lineOf(path: KeyPath): { readonly line: number; readonly exact: boolean };
}

/** `failsafe` leaves every scalar the text that it is; the schema knows the types. */
const yamlOptions = { schema: "failsafe", merge: true, prettyErrors: false, logLevel: "silent" } as const;

/** Reads the text of a configuration file; what is wrong is in `errors`. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...yamlOptions, lineCounter: lines });
  const lineOf = (path: KeyPath) => findLine(document, lines, path);
  const first = document.errors.find((error) => error.code !== "DUPLICATE_KEY");
  const readable = first === undefined;
  // What follows a mistake is not to be trusted, further mistakes neither.
  const errors = (first ? [first] : document.errors).map((error) => describeError(error, text, lines));
  if (!readable) return { tree: {}, errors, readable, lineOf };
  const read = valueOf(document);
  if ("value" in read && isRawMap(read.value)) return { tree: read.value, errors, readable, lineOf };
  if ("value" in read && read.value === "") return { tree: {}, errors, readable, lineOf };
  const { error: message, offset = 0 } = "error" in read ? read : { error: "must be a group of keys" };
  return { tree: {}, errors: [{ line: lines.linePos(offset).line, message, path: "" }], readable: false, lineOf };
}

function describeError(error: YAMLError, text: string, lines: LineCounter): YamlFile["errors"][number] {
  // What is opened and not closed is missed at the very end, behind the last line.
  const { line } = lines.linePos(Math.min(error.pos[0], Math.max(0, text.trimEnd().length - 1)));
  if (error.code === "BLOCK_AS_IMPLICIT_KEY" && isDeeper(text, line))
    return { line: line + 1, message: `is indented deeper than line ${line}, which has a value already`, path: "" };
  if (error.code !== "DUPLICATE_KEY") return { line, message: error.message, path: "" };
  const key = /^[^\s:]+/u.exec(text.slice(error.pos[0]))?.[0] ?? "";
  return { line, message: "this key stands here a second time", path: key };
}

/** Whether the line after this one begins further to the right. */
function isDeeper(text: string, line: number): boolean {
  const [here = "", next = ""] = text.split("\n").slice(line - 1, line + 1);
  return next.search(/\S/) > here.search(/\S/);
}

/** `offset`: where in the text, if it is known. */
export type ValueReading = { readonly value: RawValue } | { readonly error: string; readonly offset?: number };

/** Reads the value of a variable, which is YAML too. */
export function readYamlValue(text: string): ValueReading {
  const document = parseDocument(text, yamlOptions);
  const [error] = [...document.errors, ...document.warnings];
  return error === undefined ? valueOf(document) : { error: error.message };
}

/** An alias without its anchor, or too many of them, is found only here. */
function valueOf(document: Document.Parsed): ValueReading {
  try {
    const key = findGroupAsKey(document);
    if (key) return { error: "a key cannot be a group of keys or a list", offset: key.range?.[0] ?? 0 };
    return { value: withoutNulls(document.toJS() as RawValue | null) };
  } catch (error) {
    if (error instanceof RangeError) return { error: "is nested too deeply, or holds itself" };
    return { error: messageOf(error) };
  }
}

/** The library would write it out as text, again for each such key around it: nested 300 deep that takes seconds. */
function findGroupAsKey(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (!isCollection(key)) return undefined;
      found = key;
      return visit.BREAK;
    },
  });
  return found;
}

/** `null` and `~` become empty text, which is how nothing is written in the tree. */
function withoutNulls(value: RawValue | null): RawValue {
  if (value === null || value === "null" || value === "~") return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner)]));
}

function findLine(document: Document.Parsed, lines: LineCounter, path: KeyPath) {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  let found = 0;
  for (const part of path) {
    const step = stepInto(isAlias(node) ? (node.resolve(document) ?? null) : node, part);
    if (step === undefined) break;
    ({ node, offset } = step);
    found += 1;
  }
  return { line: lines.linePos(offset).line, exact: found === path.length };
}

function stepInto(node: Node | null, part: string | number): { node: Node | null; offset: number } | undefined {
  if (isMap<Node, Node | null>(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
    return pair && { node: pair.value, offset: pair.key.range?.[0] ?? 0 };
  }
  if (isSeq<Node>(node) && typeof part === "number") {
    const item = node.items[part];
    return item && { node: item, offset: item.range?.[0] ?? 0 };
  }
  return undefined;
}
