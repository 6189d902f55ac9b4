import type { z } from "zod";
import { essenceOf, RegistryError } from "../../oci/index.ts";
import { readBody } from "../read-body.ts";
import { decodePath } from "../request-target.ts";
import { type FieldProblem, fieldErrors } from "./problem.ts";

/** Nobody administers with more at once. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * @param where what the value is of the request, for the names of its fields
 * @throws RegistryError `bad-request` with an entry for each field that is wrong
 */
export function parsePart<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw fieldErrors(result.error.issues.map((issue) => toProblem(issue, where)));
}

function toProblem(issue: z.core.$ZodIssue, where: string): FieldProblem {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  const problem = issue.code === "unrecognized_keys" ? "there is no such field" : issue.message;
  return { field: [where, ...path.map(String)].join("."), problem };
}

/** What a query says, each parameter once. @throws RegistryError `bad-request` */
export function queryObject(query: URLSearchParams): Readonly<Record<string, string>> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of query) {
    if (name in values) throw fieldErrors([{ field: `query.${name}`, problem: "it is there twice" }]);
    values[name] = value;
  }
  return values;
}

/** Parameters of a path, decoded. @throws RegistryError `bad-request` */
export function decodeParams(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodePath(value)]));
}

/**
 * The bytes of a body that says it is JSON: a form of another site cannot say so.
 * @throws RegistryError `media-type-unsupported`, `request-too-large`, `upload-interrupted`
 */
export async function readJsonBytes(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  if (essenceOf(request.headers.get("content-type") ?? "") !== "application/json")
    throw new RegistryError("media-type-unsupported", "the body is to be JSON: send Content-Type: application/json");
  return readBody(request, maxBytes, () => tooLarge(maxBytes));
}

function tooLarge(maxBytes: number): RegistryError {
  return new RegistryError("request-too-large", `a request has at most ${maxBytes} bytes`);
}

/** @throws RegistryError `bad-request` */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RegistryError("bad-request", "the body is not JSON", { cause });
  }
}
