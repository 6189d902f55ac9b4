/**
 * The rules of pushing, pulling, listing and deleting: where a request joins bytes and rows. It lays out where content lies.
 * It knows nothing of HTTP or of how bytes and rows are kept, and asks its caller what somebody may do.
 */
export { findAmd64Child } from "./amd64-child.ts";
export { emptyBin, expireBin, removeFromBin } from "./bin/empty-bin.ts";
export { restoreFromBin } from "./bin/restore-from-bin.ts";
export { requestDeletion } from "./approvals/request-deletion.ts";
export { type DeletionTask, requireSameTarget } from "./approvals/request-target.ts";
export { findApprovalRule } from "./approvals/require-approved.ts";
export { deleteContent } from "./deletion/delete-content.ts";
export { forgetCluster, getCluster, reportCluster } from "./in-use/report-cluster.ts";
export { type BlobBytes, deleteBlob, getBlob, getBlobHead, readBlob } from "./blobs.ts";
export type { RegistryChange } from "./change.ts";
export type { Collection, Step, UntaggedRule } from "./collection/collection.ts";
export { type ContentExplanation, explainContent } from "./collection/explain-content.ts";
export type { ManifestKeeper } from "./collection/judge-manifests.ts";
export { SETTLE_MS } from "./collection/place-blob.ts";
export { releaseBytes } from "./collection/release-bytes.ts";
export { reviewBlobs, reviewLinks } from "./collection/review-blobs.ts";
export { reviewManifests } from "./collection/review-manifests.ts";
export { type Sweep, sweepBlobs } from "./collection/sweep-blobs.ts";
export {
  type ActFor,
  deleteMany,
  type DeletionAuthority,
  MOST_TOLD,
  type RefusedDeletion,
} from "./deletion/delete-many.ts";
export { type DeletionVerdict, previewDeletion } from "./deletion/preview-deletion.ts";
export { findTagState } from "./history/find-tag-state.ts";
export { rollBackTag, type RollBackTarget } from "./history/roll-back-tag.ts";
export {
  type ChangedSetting,
  endRedirect,
  findChangedSettings,
  moveRepository,
  type NamePair,
  requireMovable,
} from "./names/move-repository.ts";
export { findMovedName, type MayFollow, RepositoryMoved } from "./names/repository-moved.ts";
export { bringBack, type Past, takeAway } from "./past/bring-back.ts";
export { windBackTag, type WoundTag } from "./past/wind-back-tag.ts";
export { listRepositories, listTags, type NameList } from "./listings.ts";
export {
  type Changeable,
  describeMaintenance,
  findMaintenance,
  isInMaintenance,
  requireWritable,
} from "./maintenance/maintenance.ts";
export { endMaintenance, findMaintenanceIn, startMaintenance } from "./maintenance/switch-maintenance.ts";
export { deleteManifest, getManifest, getManifestHead } from "./manifests.ts";
export { mountBlob } from "./mount-blob.ts";
export type { RegistryOptions } from "./options.ts";
export type { PushPermission } from "./push-permission.ts";
export { putManifest } from "./put-manifest.ts";
export { type Quarantine, quarantineBlob, quarantineManifest } from "./quarantine.ts";
export { recordRefused } from "./record.ts";
export { describeReferrer, listReferrers, type ReferrerDescriptor } from "./referrers.ts";
export { createRegistry, type Registry, requireDeletable } from "./registry.ts";
export type { TagRelocation } from "./relocation/find-relocated.ts";
export { parseRelocationPattern, relocateTag, requireRelocatable } from "./relocation/relocate-tag.ts";
export { expireTags, unwatchTags, watchTags } from "./retention/expire-tags.ts";
export { iterateJudgedRepositories, iterateRepositories } from "./retention/judged-repositories.ts";
export { type JudgedRepository, judgeRepository } from "./retention/judge-repository.ts";
export { getKeep, keepContent, type KeptContent, unkeepContent } from "./retention/keep-content.ts";
export { type ListedExpiry, listSimulated } from "./retention/list-simulated.ts";
export { type ListedVerdict, listVerdicts } from "./retention/list-verdicts.ts";
export type { TagVerdict } from "./retention/judge-tags.ts";
export { countPatterns } from "./retention/retention-rule.ts";
export { readExpiryLabels } from "./retention/read-labels.ts";
export { isAge, parseAge } from "./settings/age.ts";
export type { Quota } from "./quotas/quota.ts";
export { describeLevel, isNearlyFull, levelsOf, QuotaExceededError, type QuotaLevel } from "./quotas/quota-levels.ts";
export { notingRefusals, QuotaRefusals, type RefusedPushes } from "./quotas/quota-refusals.ts";
export { describeImmutable } from "./settings/guard-content.ts";
export { noteSettingsChange } from "./settings/note-change.ts";
export {
  findSettings,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  type SettingValues,
} from "./settings/settings.ts";
export { blobKeyOf, BLOBS_FOLDER, keyOf } from "./storage-keys.ts";
export { expireUpload, removeStrayBytes } from "./uploads/expire-uploads.ts";
export { putWholeBlob } from "./uploads/put-whole-blob.ts";
export { isUploadBegunBy, type UploadStatus } from "./uploads/session.ts";
export {
  appendUpload,
  cancelUpload,
  type ContentRange,
  finishUpload,
  getUploadStatus,
  startUpload,
  UploadOffsetError,
  type UploadPart,
} from "./uploads/upload.ts";
