/**
 * The words of the specifications (OCI image-spec and distribution-spec 1.1, Docker Registry HTTP API V2) as types that
 * are parsed once at the edge. Pure: no I/O, no state, nothing of how this registry keeps or serves anything.
 */
export type { Annotations, Descriptor, JsonObject, Platform } from "./descriptor.ts";
export { isJsonObject } from "./descriptor.ts";
export type { Digest, DigestAlgorithm } from "./digest.ts";
export {
  algorithmOf,
  digestFromHex,
  digestOf,
  hexOf,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
  shorten,
} from "./digest.ts";
export type { Manifest } from "./manifest.ts";
export { MAX_MANIFEST_BYTES, parseManifest } from "./manifest.ts";
export type { ManifestMediaType } from "./media-type.ts";
export {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  essenceOf,
  isImageManifestType,
  isIndexType,
  isManifestMediaType,
  isNonDistributable,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCTET_STREAM,
} from "./media-type.ts";
export type { Reference, Tag } from "./reference.ts";
export { isTag, parseReference, parseTag, referenceText, referrersTagOf } from "./reference.ts";
export type { RegistryErrorKind, RegistryErrorOptions } from "./registry-error.ts";
export { RegistryError } from "./registry-error.ts";
export type { RepositoryName } from "./repository-name.ts";
export { isRepositoryName, MAX_REPOSITORY_NAME_LENGTH, parseRepositoryName } from "./repository-name.ts";
export { Warnings } from "./warnings.ts";
