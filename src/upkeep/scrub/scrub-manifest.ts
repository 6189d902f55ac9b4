import { isManifestLost, type StoredManifest } from "../../metadata/index.ts";
import { hasDigest } from "../../oci/index.ts";
import { quarantineManifest, type Registry } from "../../registry/index.ts";
import type { DamagedManifest } from "./finding.ts";

/**
 * Verifies a manifest's bytes; damaged ones go into quarantine.
 * @returns what is wrong, `undefined` if nothing is
 */
export async function scrubManifest(
  registry: Registry,
  manifest: StoredManifest,
): Promise<DamagedManifest | undefined> {
  const { digest, repository } = manifest;
  if (isManifestLost(manifest)) return { kind: "damaged-manifest", digest, repository };
  if (hasDigest(manifest.body, digest)) return undefined;
  const quarantineKey = await quarantineManifest(registry, manifest);
  return { kind: "damaged-manifest", digest, repository, quarantineKey };
}
