import type { Digest } from "../../oci/index.ts";

/**
 * Whether `If-None-Match` names this content, so that the client has it already. Quotes are optional: old clients leave
 * them out.
 * @spec RFC 9110, 13.1.2
 */
export function isNotModified(request: Request, digest: Digest): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  return header.split(",").some((candidate) => {
    const tag = candidate.trim();
    return tag === "*" || tag.replace(/^W\//, "").replace(/^"(.*)"$/, "$1") === digest;
  });
}
