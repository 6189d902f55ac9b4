/**
 * Removes and checks what is there, while the registry serves: stale uploads, tags that no rule keeps, what nobody names, damaged content; and brings in what
 * another registry left.
 * It decides when and how much, never whether content may go: that is the registry's rule.
 */
export type { BackupRecord } from "./backup/backup-layout.ts";
export type { BackedUp, DatabaseCopy } from "./backup/backup-registry.ts";
export type { BackupChoice } from "./backup/choose-backup.ts";
export type { Restored } from "./backup/restore-registry.ts";
export type { Named, WoundBack } from "./backup/wound-back.ts";
export type { CopyProgress } from "./backup/copy-blobs.ts";
export { type OneMove, RENAMING_JOB, renamingWork } from "./renaming/renaming-job.ts";
export { TAG_MOVE_JOB, tagMoveWork } from "./relocation/tag-move-job.ts";
export { DELETION_JOB, deletionWork } from "./deletion/deletion-job.ts";
export { parseSigningKey, parseTrustedKey, type TrustedKey } from "./archive/signature.ts";
export { ArchiveError } from "./archive/archive-error.ts";
export { collectGarbage, type GarbageCollection, type GarbageTally } from "./gc/collect-garbage.ts";
export {
  COLLECTION_JOB,
  type CollectionCounts,
  collectionWork,
  type GarbageBacklog,
  getGarbageBacklog,
  NOTHING_COLLECTED,
} from "./gc/collection-job.ts";
export { beginCollection } from "./gc/begin-collection.ts";
export { DESCRIPTION_JOB, descriptionWork } from "./description/description-job.ts";
export { type DescriptionMarker, findMarker } from "./description/marker.ts";
export { stopDescribing } from "./description/stop-describing.ts";
export { HISTORY_JOB, historyWork } from "./history/history-job.ts";
export type { ImageExport, ImageExportSummary } from "./image-export/export-images.ts";
export type { ZotExport, ZotExported, ZotExportSummary } from "./image-export/export-zot.ts";
export type { ExportForm } from "./image-export/layout-writer.ts";
export type { ImageImport, ImageImportSummary } from "./image-import/import-images.ts";
export type { ZotImport, ZotRepository, ZotSummary } from "./image-import/import-zot.ts";
export type { ImageForm } from "./image-import/open-images.ts";
export { loadTransfers } from "./load-transfers.ts";
export { type PurgedUploads, purgeUploads } from "./purge-uploads.ts";
export type { Damage } from "./registry-v2/damage.ts";
export type { ExportedRepository, RegistryV2Export, RegistryV2Summary } from "./registry-v2/export-registry-v2.ts";
export { looksLikeRegistryV2 } from "./registry-v2/find-repositories.ts";
export type { ImportedRepository, ImportSummary } from "./registry-v2/import-registry-v2.ts";
export { repositoriesPrefix } from "./registry-v2/layout.ts";
export {
  adviseImport,
  findUnimportedRegistry,
  importCommand,
  type ImportPlace,
  type StartedOn,
} from "./registry-v2/unimported-registry.ts";
export type { Requester } from "./requester.ts";
export { QuotaWatch, type QuotaWatchParts, startQuotaWatch } from "./quotas/quota-watch.ts";
export { describeFinding, type Finding } from "./scrub/finding.ts";
export { type RepairedIndex, repairIndex } from "./scrub/repair-index.ts";
export { findUnknownFiles, type UnknownFiles } from "./scrub/find-unknown-files.ts";
export { isAllWell, type ScrubTally } from "./scrub/scrub-progress.ts";
export { ScrubBusyError } from "./scrub/scrub-turn.ts";
export { applyRetention, type RetentionRun, type RetentionTally } from "./retention/apply-retention.ts";
export { startReadingLabels } from "./retention/start-reading-labels.ts";
export { RETENTION_JOB, type RetentionCounts, retentionWork } from "./retention/retention-job.ts";
export { type Scrub, scrub, type ScrubOutcome, type ScrubState } from "./scrub/scrub.ts";
export {
  earliestScrubMs,
  getScrubStanding,
  SCRUB_JOB,
  type ScrubbingOptions,
  type ScrubCounts,
  scrubWork,
} from "./scrub/scrub-job.ts";
export { startUploadPurging } from "./start-upload-purging.ts";
export { measureNode } from "./usage/measure-node.ts";
export { UsageMeter } from "./usage/usage-meter.ts";
export { NamespaceTally } from "./usage/namespace-tally.ts";
export { USAGE_JOB, usageWork } from "./usage/usage-job.ts";
export { getUsageStanding, type UsageStanding } from "./usage/usage-standing.ts";
