/**
 * The rules of pushing, pulling, listing and deleting: where a request joins bytes and rows. It knows nothing of HTTP,
 * of who may do what, or of how bytes and rows are kept.
 */
export { type BlobBytes, type BlobDeletion, deleteBlob, getBlob, getBlobHead, readBlob } from "./blobs.ts";
export { expireUpload, removeStrayBytes, type UploadExpiry } from "./expire-uploads.ts";
export { findAmd64Child } from "./amd64-child.ts";
export type { NameList, NameListQuery } from "./listings.ts";
export { listRepositories, listTags } from "./listings.ts";
export { deleteManifest, getManifest, getManifestHead, type ManifestDeletion } from "./manifests.ts";
export type { Mount } from "./mount-blob.ts";
export { mountBlob } from "./mount-blob.ts";
export type { RegistryOptions, RequiredPlatform, ValidationOptions } from "./options.ts";
export type { ManifestPush, PushedManifest } from "./put-manifest.ts";
export { putManifest } from "./put-manifest.ts";
export { QUARANTINE_FOLDER, type Quarantine, quarantineBlob, quarantineManifest } from "./quarantine.ts";
export { putWholeBlob, type WholeBlob } from "./put-whole-blob.ts";
export type { ReferrerDescriptor, ReferrerList, ReferrerListQuery } from "./referrers.ts";
export { listReferrers } from "./referrers.ts";
export type { Registry, RegistryParts } from "./registry.ts";
export { createRegistry } from "./registry.ts";
export { BLOBS_FOLDER, blobKeyOf } from "./storage-keys.ts";
export { isUploadBegunBy, type UploadStatus } from "./upload-session.ts";
export type { ContentRange, UploadPart } from "./uploads.ts";
export type { UploadStatus } from "./upload-session.ts";
export type { ContentRange, UploadPart, UploadStart } from "./uploads.ts";
export {
  appendUpload,
  cancelUpload,
  finishUpload,
  getUploadStatus,
  startUpload,
  UploadOffsetError,
} from "./uploads.ts";
