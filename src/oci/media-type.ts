export const OCI_IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
export const OCTET_STREAM = "application/octet-stream";

/** A media type of a manifest that this registry takes. */
export type ManifestMediaType =
  | typeof OCI_IMAGE_MANIFEST
  | typeof OCI_IMAGE_INDEX
  | typeof DOCKER_MANIFEST
  | typeof DOCKER_MANIFEST_LIST;

const IMAGE_MANIFESTS: ReadonlySet<string> = new Set([OCI_IMAGE_MANIFEST, DOCKER_MANIFEST]);
const INDEXES: ReadonlySet<string> = new Set([OCI_IMAGE_INDEX, DOCKER_MANIFEST_LIST]);

export function isIndexType(mediaType: string): boolean {
  return INDEXES.has(mediaType);
}

export function isManifestMediaType(mediaType: string): mediaType is ManifestMediaType {
  return IMAGE_MANIFESTS.has(mediaType) || INDEXES.has(mediaType);
}

/** The media type of a header without its parameters: `a/b; charset=utf-8` is `a/b`. */
export function essenceOf(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/**
 * Layers that a registry need not hold, because their licence forbids to hand them on.
 * @spec OCI image-spec, "Non-Distributable Layers"
 */
export function isNonDistributable(mediaType: string): boolean {
  return (
    mediaType.startsWith("application/vnd.oci.image.layer.nondistributable.v1.") ||
    mediaType.startsWith("application/vnd.docker.image.rootfs.foreign.diff.")
  );
}
