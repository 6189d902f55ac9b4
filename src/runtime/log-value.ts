const SECRET_NAME = /authori[sz]ation|passw(?:or)?d|passphrase|secret|token|cookie|credential|api-?key|private-?key/i;
const MASK = "***";
const MAX_DEPTH = 5;
const MAX_REMEMBERED_NAMES = 1000;

const secretNames = new Map<string, boolean>();

/** Whether a field of this name must not be written, as `authorization`, `password`, `token`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  let isSecret = secretNames.get(name);
  if (isSecret === undefined) {
    isSecret = SECRET_NAME.test(name.replaceAll("_", "-"));
    if (secretNames.size < MAX_REMEMBERED_NAMES) secretNames.set(name, isSecret);
  }
  return isSecret;
}

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** What may be written of a field's value: secrets masked at every depth, errors as their stacks, nothing that cannot be JSON. */
export function plainValue(name: string, value: unknown): PlainValue {
  if (isSecretName(name)) return MASK;
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return plainObject(value, 0);
}

/** The stack of an error and of each of its causes: where it went wrong first is at the end. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at !== undefined && at !== null && !seen.has(at);) {
    seen.add(at);
    parts.push(at instanceof Error ? stackOf(at) : describeThrown(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

function stackOf(error: Error): string {
  const title = `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  // Depending on who made the error, its stack opens with the title or goes without.
  return stack.includes(error.message) ? stack : `${title}\n${stack}`.trimEnd();
}

function describeThrown(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : JSON.stringify(plainValue("thrown", thrown));
}

function plainObject(value: unknown, depth: number): PlainValue {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return plainScalar(value);
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof URL) return value.href;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => plainObject(item, depth + 1));
  if (value instanceof Set) return plainObject([...value], depth);
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const plain: Record<string, PlainValue> = {};
  for (const [key, item] of entries) {
    const name = String(key);
    if (item !== undefined) plain[name] = isSecretName(name) ? MASK : plainObject(item, depth + 1);
  }
  return plain;
}

function plainScalar(value: unknown): PlainValue {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : typeof value;
}
