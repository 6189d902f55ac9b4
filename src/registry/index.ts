/**
 * The rules of pushing, pulling, listing and deleting: where a request joins bytes and rows. It knows nothing of HTTP,
 * of who may do what, or of how bytes and rows are kept.
 */
export { findAmd64Child } from "./amd64-child.ts";
export { type BlobBytes, deleteBlob, getBlob, getBlobHead, readBlob } from "./blobs.ts";
export { expireUpload, removeStrayBytes } from "./expire-uploads.ts";
export { listRepositories, listTags, type NameList } from "./listings.ts";
export { deleteManifest, getManifest, getManifestHead } from "./manifests.ts";
export { mountBlob } from "./mount-blob.ts";
export type { RegistryOptions } from "./options.ts";
export type { PushPermission } from "./push-permission.ts";
export { putManifest } from "./put-manifest.ts";
export { putWholeBlob } from "./put-whole-blob.ts";
export { type Quarantine, quarantineBlob, quarantineManifest } from "./quarantine.ts";
export { listReferrers, type ReferrerDescriptor } from "./referrers.ts";
export { createRegistry, type Registry } from "./registry.ts";
export { blobKeyOf, BLOBS_FOLDER } from "./storage-keys.ts";
export { isUploadBegunBy, type UploadStatus } from "./upload-session.ts";
export {
  appendUpload,
  cancelUpload,
  type ContentRange,
  finishUpload,
  getUploadStatus,
  startUpload,
  UploadOffsetError,
  type UploadPart,
} from "./uploads.ts";
