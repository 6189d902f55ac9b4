import { createHash } from "node:crypto";
import type { Queries } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Guard } from "./guarded-metadata.ts";

/** @param version another text after every change of what is shown */
export function entityTag(version: string): string {
  return `"${createHash("sha256").update(version).digest("base64url").slice(0, 22)}"`;
}

/**
 * Holds a change to what the client saw: `If-Match` must name what is there.
 * @spec RFC 9110, 13.1.1
 */
export function matchGuard(header: string, findVersion: (queries: Queries) => Promise<string | undefined>): Guard {
  const wanted = new Set(header.split(",").map((tag) => tag.trim()));
  return {
    async before(queries) {
      const version = await findVersion(queries);
      if (version !== undefined && (wanted.has("*") || wanted.has(entityTag(version)))) return;
      throw new RegistryError("precondition-failed", "it was changed meanwhile: read it again, then decide again");
    },
  };
}
