/**
 * The words of the specifications (OCI image-spec and distribution-spec 1.1, Docker Registry HTTP API V2) as types that
 * are parsed once at the edge. Pure: no I/O, no state, nothing of how this registry keeps or serves anything.
 */
export { type Annotations, type Descriptor, isJsonObject, type JsonObject } from "./descriptor.ts";
export {
  algorithmOf,
  type Digest,
  type DigestAlgorithm,
  digestFromHex,
  digestOf,
  hasDigest,
  hexOf,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
  shorten,
} from "./digest.ts";
export { type Manifest, MAX_MANIFEST_BYTES, parseManifest, parseStoredManifest } from "./manifest.ts";
export {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  essenceOf,
  isIndexType,
  isManifestMediaType,
  isNonDistributable,
  type ManifestMediaType,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCTET_STREAM,
} from "./media-type.ts";
export {
  isTag,
  parseReference,
  parseTag,
  type Reference,
  referenceText,
  referrersTagOf,
  subjectOfTag,
  subjectsOfReferrersTag,
  type Tag,
} from "./reference.ts";
export { RegistryError, type RegistryErrorKind, type RegistryErrorOptions } from "./registry-error.ts";
export {
  isRepositoryName,
  MAX_REPOSITORY_NAME_LENGTH,
  parseRepositoryName,
  type RepositoryName,
} from "./repository-name.ts";
