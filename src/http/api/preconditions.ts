import { createHash } from "node:crypto";
import { RegistryError } from "../../oci/index.ts";

/** @param shown all that GET shows. When it was used last is no part of it: nobody decides by that. */
export function entityTag(shown: unknown): string {
  const text = JSON.stringify(shown, (key, value: unknown) => (key === "lastUsedAt" ? undefined : value));
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/**
 * Holds a change to what the client saw: `If-Match` must name what is there.
 * @throws RegistryError `precondition-failed`
 * @spec RFC 9110, 13.1.1
 */
export async function requireMatch(header: string, getCurrent: () => Promise<unknown>): Promise<void> {
  const wanted = new Set(header.split(",").map((tag) => tag.trim()));
  const current = await getCurrent().catch(undefinedIfNotFound);
  if (current !== undefined && (wanted.has("*") || wanted.has(entityTag(current)))) return;
  throw new RegistryError("precondition-failed", "it was changed meanwhile: read it again, then decide again");
}

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof RegistryError && error.kind === "not-found") return undefined;
  throw error;
}
