import { isRepositoryName, RegistryError, shorten } from "../../oci/index.ts";
import { mergeAccess, type TokenAccess } from "./token-access.ts";

/** More than any client asks for at once; a token with all of it still fits into a header. */
const MAX_SCOPES = 100;
const MAX_LENGTH = 4096;

/** The type ends at the first colon, the name at the last: a name may begin with a host and its port. */
const SCOPE = /^([a-z0-9]+)(?:\(([a-z0-9]+)\))?:([^\s"\\]+):((?:\*|[a-z]*)(?:,(?:\*|[a-z]*))*)$/;
const HOST = /^[a-z0-9.-]+:\d{1,5}\//i;

/**
 * Reads what a client asks a token for.
 * @param values each with any number of scopes and spaces between them
 * @returns one entry a place, without those that no action is asked for
 * @throws RegistryError `bad-request`
 * @spec Docker Registry token scope, "Resource Scope Grammar"
 */
export function parseScopes(values: readonly string[]): readonly TokenAccess[] {
  const length = values.reduce((sum, value) => sum + value.length + 1, 0);
  const scopes = length > MAX_LENGTH ? undefined : values.flatMap((value) => value.split(" ").filter(Boolean));
  if (!scopes || scopes.length > MAX_SCOPES)
    throw new RegistryError(
      "bad-request",
      `a token is for at most ${MAX_SCOPES} scopes with ${MAX_LENGTH} characters: ask for several tokens`,
    );
  return mergeAccess(scopes.map(parseScope).filter(({ actions }) => actions.length > 0));
}

function parseScope(text: string): TokenAccess {
  const [, type = "", kind, name = "", actions = ""] = SCOPE.exec(text) ?? [];
  if (type === "" || (type === "repository" && !isRepositoryName(name.replace(HOST, "")))) throw malformed(text);
  return { type, ...(kind !== undefined && { class: kind }), name, actions: actions.split(",").filter(Boolean) };
}

function malformed(text: string): RegistryError {
  return new RegistryError(
    "bad-request",
    `"${shorten(text)}" is no scope such as repository:team/app:pull,push or registry:catalog:*`,
    { detail: { scope: shorten(text) } },
  );
}

/** Writes an access as a client asks for it. */
export function formatScope({ type, class: kind, name, actions }: TokenAccess): string {
  return `${type}${kind === undefined ? "" : `(${kind})`}:${name}:${actions.join(",")}`;
}
