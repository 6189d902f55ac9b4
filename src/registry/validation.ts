import { type Descriptor, type Digest, type Manifest, RegistryError, shorten } from "../oci/index.ts";
import type { ValidationOptions } from "./options.ts";

/**
 * A URL in a manifest makes clients fetch from there, so it must be one that the operator allows.
 * @throws RegistryError `manifest-invalid`
 */
export function requireAllowedUrls(options: ValidationOptions, manifest: Manifest): void {
  if (!options.enabled) return;
  for (const descriptor of manifest.blobs) {
    for (const url of descriptor.urls) if (!isAllowedUrl(options, url)) throw urlRefused(url);
  }
}

function isAllowedUrl(options: ValidationOptions, url: string): boolean {
  const parsed = URL.parse(url);
  if (!parsed || (parsed.protocol !== "http:" && parsed.protocol !== "https:") || parsed.hash !== "") return false;
  return (
    options.allowedUrls.some((allowed) => allowed.test(url)) && !options.deniedUrls.some((denied) => denied.test(url))
  );
}

function urlRefused(url: string): RegistryError {
  return new RegistryError(
    "manifest-invalid",
    `the layer URL ${shorten(url)} is not allowed here: see validation.manifests.urls in the configuration`,
    { detail: { url: shorten(url) } },
  );
}

/** Whether an index may only be pushed with this child in the repository; otherwise the index may be sparse. */
export function requiresChild(options: ValidationOptions, child: Descriptor): boolean {
  const { requiredPlatforms } = options;
  if (requiredPlatforms === "all") return true;
  if (requiredPlatforms === "none") return false;
  return requiredPlatforms.some(
    (platform) => platform.os === child.platform?.os && platform.architecture === child.platform.architecture,
  );
}

/** @throws RegistryError `digest-mismatch` */
export function requireSameDigest(actual: Digest, wanted: Digest): void {
  if (actual === wanted) return;
  throw new RegistryError("digest-mismatch", `the content's digest is ${actual}, not ${wanted}: send it again`, {
    detail: { digest: wanted, actual },
  });
}
