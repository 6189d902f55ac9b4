/** What a token is good for in one place: an entry of its claim `access`, and what a scope asks for. */
export interface TokenAccess {
  /** `repository`, `registry`. */
  readonly type: string;
  /** Such as `plugin`; nearly always absent. */
  readonly class?: string;
  readonly name: string;
  /** `pull`, `push`, `delete`; `*` is any. */
  readonly actions: readonly string[];
}

/** Puts together what is said several times of the same place; the first mention decides the order. */
export function mergeAccess(list: readonly TokenAccess[]): readonly TokenAccess[] {
  const merged = new Map<string, TokenAccess>();
  for (const access of list) {
    const place = JSON.stringify([access.type, access.class, access.name]);
    const actions = new Set([...(merged.get(place)?.actions ?? []), ...access.actions]);
    merged.set(place, { ...access, actions: [...actions] });
  }
  return [...merged.values()];
}

/** The access as an entry of an array that came from outside; `undefined`: it is none. */
export function readAccess(value: unknown): TokenAccess | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  // Programs in Go write an empty list as null.
  const { type, class: kind, name, actions: listed } = value as Readonly<Record<string, unknown>>;
  const actions = listed ?? [];
  if (typeof type !== "string" || typeof name !== "string" || !isTexts(actions)) return undefined;
  if (kind === undefined || kind === "") return { type, name, actions };
  return typeof kind === "string" ? { type, class: kind, name, actions } : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
