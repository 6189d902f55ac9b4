/**
 * Rows: what repositories, blobs, manifests, tags and upload sessions exist, in one SQL database with transactions.
 * It knows the words of the specifications, but no rule of the registry and no bytes except a manifest's own.
 */
export {
  type AccessRuleRecords,
  findGrant,
  type GrantRecord,
  insertGrant,
  listGrants,
  listRolesOf,
  loadAccessRules,
  putRole,
  putVisibility,
  removeGrant,
  removeNamespace,
  removeRole,
  type RoleRecord,
} from "./access/access-rules.ts";
export {
  type AccountRecord,
  findAccountRecord,
  findAccountRecordById,
  findExternalAccountRecord,
  hasAdministrator,
  hasOtherAdministrator,
  listAccountRecords,
} from "./access/accounts.ts";
export {
  type AccountChanges,
  insertAccount,
  type NewAccount,
  putAccountLastUsed,
  raiseAccountGeneration,
  removeAccount,
  updateAccount,
} from "./access/change-accounts.ts";
export { startOnce } from "./access/counters.ts";
export {
  listGroupMappings,
  listGroupMappingsOfSource,
  putGroupMapping,
  removeGroupMapping,
} from "./access/group-mappings.ts";
export {
  findGroupRecord,
  findGroupRecordById,
  type GroupRecord,
  insertGroup,
  listGroupIdsBySource,
  listGroupIdsOf,
  listGroupMembers,
  listGroupRecords,
  listGroupRecordsOf,
  putGroupMember,
  removeGroup,
  removeGroupMember,
  updateGroup,
} from "./access/groups.ts";
export { findIdempotencyKey, insertIdempotencyKey } from "./access/idempotency-keys.ts";
export {
  BEHIND_ALL_NAMES,
  findFirstName,
  isNameListed,
  isNameTaken,
  listRepositoriesIn,
  type NameStretch,
  nodesUpFrom,
  stretchBelow,
} from "./access/namespace-names.ts";
export {
  insertRobotTrust,
  listRobotTrusts,
  listRobotTrustsOfIssuer,
  removeRobotTrust,
  type RobotTrustRecord,
} from "./access/robot-trusts.ts";
export {
  findSecret,
  findSecretByHash,
  insertSecret,
  listSecretsOf,
  type NewSecret,
  putSecretExpiry,
  putSecretLastUsed,
  removeExpiredSecrets,
  removePersonalSecrets,
  removeRefreshSecrets,
  removeSecret,
  type SecretKind,
  type SecretRecord,
} from "./access/secrets.ts";
export {
  clearSignInFailures,
  findSignInFailures,
  putSignInFailures,
  removeOldSignInFailures,
} from "./access/sign-in-failures.ts";
export { insertTokenKey, listTokenKeys, removeSpentTokenKeys, type TokenKeyRecord } from "./access/token-keys.ts";
export { useTokenOnce } from "./access/used-tokens.ts";
export {
  endProviderSessions,
  findWebSession,
  insertWebSession,
  removeOverWebSessions,
  removeWebSession,
  removeWebSessionsOf,
  touchWebSession,
  type WebSessionRecord,
} from "./access/web-sessions.ts";
export { type ActFilter, type ActPage, type ActRecord, listActs } from "./audit/acts.ts";
export { findExportPosition, putExportPosition } from "./audit/export-positions.ts";
export { pruneActs } from "./audit/prune-acts.ts";
export { type Act, type ActOrigin, findChainEnd, recordAct } from "./audit/record-act.ts";
export { recordIfPossible, type RecordParts, type ReportUnrecorded } from "./audit/record-if-possible.ts";
export { type ChainBreak, type ChainReport, verifyChain } from "./audit/verify-chain.ts";
export {
  type BinEntry,
  type BinPage,
  countBinEntries,
  findBinBody,
  findBinEntry,
  findBinnedManifest,
  listBinEntries,
  listBinTags,
  listExpiredBinEntries,
  prolongBin,
  putManifestIntoBin,
  putTagIntoBin,
  relinkBinnedBlobs,
  removeBinEntries,
} from "./bin/bin-entries.ts";
export {
  decideDeleteRequest,
  type DeleteRequest,
  findDeleteRequest,
  listDeleteRequests,
  openDeleteRequest,
} from "./approvals/delete-requests.ts";
export { type BinKeeper, listBinKeepers } from "./bin/bin-keepers.ts";
export {
  type Cluster,
  countClustersOf,
  findCluster,
  type HeardCluster,
  listClusters,
  listHeardClusters,
  listLeases,
  putClusterReport,
  removeCluster,
  type RunningImage,
} from "./in-use/clusters.ts";
export {
  type ContentQuestion,
  findHeldManifests,
  findLeaseNeeding,
  findLeases,
  findLeaseWithin,
  type Lease,
  listLeasesOf,
} from "./in-use/leases.ts";
export {
  ensureBlobLink,
  findBlobId,
  findMissingBlobs,
  findUnlinkedBlobs,
  findWholeBlobId,
  linkBlob,
  listRepositoriesOfBlob,
  type NewBlob,
  putBlob,
  unlinkBlob,
} from "./blobs.ts";
export { findBlob, listBlobs, listManifests, type StoredManifest } from "./content-pages.ts";
export { type Contents, countContents } from "./count-contents.ts";
export {
  findManifestBody,
  type ImagePart,
  linkBlobsOf,
  listAttachedTags,
  listImageParts,
  takeMarkAlong,
} from "./image-parts.ts";
export type { MetadataDatabase, Queries } from "./database.ts";
export { findLastPush, listManifestDigests, listOuterManifests } from "./deletable-content.ts";
export {
  type Candidate,
  countBacklog,
  countDueCandidates,
  type GarbageBacklog,
  nominateManifest,
  nominateUntagged,
  postponeManifests,
  removeBlobCandidates,
  renewWait,
  takeCandidates,
  withoutNewWait,
} from "./garbage/candidates.ts";
export {
  type CondemnedBlob,
  findCondemned,
  giveUpRemovals,
  isBeingRemoved,
  listCondemnedBlobs,
  noteBeingRemoved,
  postponeCondemned,
  removeBlobRows,
  reviveBlobs,
} from "./garbage/condemned-blobs.ts";
export {
  findManifestTies,
  findPresentManifests,
  type ManifestTies,
  removeManifestRows,
} from "./garbage/manifest-ties.ts";
export {
  type BlobStanding,
  findBlobStanding,
  type LinkStanding,
  listLinkStandings,
  listManifestStandings,
} from "./garbage/content-standing.ts";
export { findUntaggedDefault, nominateSomeUntagged, putUntaggedDefault } from "./garbage/untagged-default.ts";
export type { TagCause } from "./history/schema.ts";
export {
  findLastTagLoss,
  findTagChangesAround,
  listChangesSince,
  listTagChanges,
  type OtherPlace,
  recordTagChange,
  recordTagRemovals,
  type RepositoryChange,
  type TagChangeRecord,
  type TagLoss,
  type TagPlace,
} from "./history/tag-history.ts";
export { pruneTagHistory, shortenTagHistories } from "./history/prune-history.ts";
export { iterateRemovalsOf, listRemovals, pruneRemovals, recordRemovals, type Removal } from "./garbage/removals.ts";
export { cancelJobsSince } from "./past/cancel-jobs-since.ts";
export {
  type AgedRepository,
  findDatabaseBirth,
  listRenamedSince,
  listRepositoriesByAge,
  listTagsChangedSince,
} from "./past/changed-since.ts";
export {
  listIncompleteOf,
  listManifestsDeletedSince,
  listManifestsSince,
  listRestoredSince,
  removeTagDeletions,
} from "./past/manifests-since.ts";
export { enterUnneededBlob, isPartlyImported, listUnknownContent } from "./garbage/unknown-content.ts";
export { condemnUnneededBlobs, removeUnneededLinks } from "./garbage/unneeded-blobs.ts";
export type { BlobToName, ManifestContent, ManifestHead, StoredBlob, SwitchState } from "./hot-reads.ts";
export {
  beginUndescribed,
  findDeletedTags,
  findTaggedManifest,
  forgetDescribed,
  listChangedTags,
  listGoneManifests,
  listNamedBlobs,
  listUndescribed,
  recordDescribed,
  removeUndescribed,
} from "./description/described.ts";
export {
  beginDescription,
  type Description,
  endDescription,
  findDescription,
  isDescriptionBehind,
  putDescribedUpTo,
  putTagChangesDescribed,
  putWhollyDescribed,
} from "./description/description.ts";
export {
  bringForward,
  cancelJob,
  claimJob,
  type DueJob,
  endJob,
  findDueJob,
  renewClaim,
  returnJob,
} from "./jobs/claims.ts";
export {
  countOpenJobs,
  findJobPlan,
  findNextDueMs,
  type JobPlan,
  listJobSuccesses,
  putJobPlan,
} from "./jobs/job-kinds.ts";
export { findJob, findOpenJob, insertJob, type JobRecord, listJobs, pruneJobs } from "./jobs/jobs.ts";
export { JOB_STATES } from "./jobs/schema.ts";
export { clearBlobLoss, countLostBlobs, isLossBySize, recordBlobLoss, restoreBlob } from "./lost-blobs.ts";
export { repairManifestIndex } from "./repair-manifest-index.ts";
export {
  dropManifestBody,
  findManifestFacts,
  findManifestId,
  findMissingManifests,
  isManifestLost,
  putManifest,
  removeManifest,
} from "./manifests.ts";
export { isUnwritable, MetadataError } from "./metadata-error.ts";
export { listMissingReferences, type MissingReference } from "./missing-references.ts";
export {
  findRepositoryMove,
  findUsedRepository,
  listRepositoryMoves,
  pruneRepositoryMoves,
  removeRepositoryMove,
  removeUnusedRepository,
  renameRepository,
  type RepositoryMove,
} from "./names/repository-moves.ts";
export type { NamePage } from "./page.ts";
export { listQuotaAlarms, putQuotaAlarm, type QuotaAlarm, removeQuotaAlarm } from "./quotas/quota-alarms.ts";
export {
  findQuotaDifference,
  findQuotas,
  listQuotas,
  listQuotasWithBlob,
  type QuotaDifference,
  type QuotaQuantities,
  type QuotaState,
  recountQuota,
} from "./quotas/quota-uses.ts";
export {
  findSubjects,
  hasReferrers,
  listReferrers,
  listSubjects,
  type Referrer,
  type ReferrerQuery,
} from "./referrers.ts";
export {
  ensureRepository,
  findPartlyImportedMove,
  findRepositoryArrival,
  findRepositoryId,
  findRepositoryName,
  isWhollyImported,
  listAllRepositories,
  listRepositories,
  putImportTime,
  putPartlyImported,
} from "./repositories.ts";
export {
  listRepositoryBlobs,
  listRepositoryManifests,
  listTaggedManifests,
  type RepositoryManifest,
  type TaggedManifest,
} from "./repository-pages.ts";
export type { LossReason } from "./schema.ts";
export { findScrub, putScrub, type ScrubRecord } from "./scrubs.ts";
export { type DatedTag, listDatedTags, listRepositoriesWithExpired, removeTags } from "./settings/dated-tags.ts";
export { listIndexChildren } from "./settings/index-children.ts";
export {
  findNodeSettings,
  findRepositoryWithSettings,
  listNodesSaying,
  type NodeSetting,
  putNodeSetting,
  removeNodeSetting,
} from "./settings/node-settings.ts";
export { findKeep, findKeeps, findKeptManifests, type Keep, listKeeps, putKeep, removeKeep } from "./settings/keeps.ts";
export { type KeepMark, putManifestMark } from "./settings/manifest-marks.ts";
export {
  areLabelsUnread,
  findLabelledManifest,
  findTagExpiry,
  listUnreadTags,
  putTagExpiries,
  type TagExpiry,
  type UnreadTag,
} from "./settings/tag-expiries.ts";
export { areTagsUnchanged, putTagWatch, removeTagWatch, type TagWatch } from "./settings/tag-watches.ts";
export { copyDatabase } from "./sqlite/copy-database.ts";
export { openSqliteForReading, type ReadOnlyMetadata } from "./sqlite/open-for-reading.ts";
export { joinServing, lockFolder, lockForServing, lockForSeveral } from "./sqlite/serve-lock.ts";
export { openSqlite } from "./sqlite/sqlite-database.ts";
export {
  findTag,
  listTags,
  listTagsOfManifest,
  listTagsThatNeed,
  listTagTargets,
  putOlderTag,
  putTag,
  removeTag,
  type TagTarget,
} from "./tags.ts";
export {
  addStoredHours,
  findBinBytes,
  findStoredNow,
  listLargestTopNodes,
  listSizedLinks,
  listStored,
  listStoredNow,
  type MeasuredNode,
  putBinBytes,
  putStoredNow,
  removeOldStoredDays,
  removeStoredNow,
  type SizedLink,
  STORED_PERIODS,
  type StoredBytes,
  type StoredHours,
  type StoredSum,
  sumTopNodes,
} from "./usage/stored-bytes.ts";
export { findSwitch, putSwitch, removeSwitch } from "./switches/switches.ts";
export { addTagPulls, type ReferencePulls } from "./usage/tag-pulls.ts";
export { addTagUses, areUsedSince, putTagUse } from "./usage/tag-uses.ts";
export { listUseGaps, putUsesRecorded, type UseGap } from "./usage/use-gaps.ts";
export { countRepositories, findBlobsElsewhere, listSizedBlobs } from "./usage/node-contents.ts";
export {
  addUsage,
  listUsage,
  removeOldUsage,
  USAGE_DIMENSIONS,
  type UsageCounts,
  type UsageDimension,
  type UsageRow,
  type UsageSum,
} from "./usage/usage-rows.ts";
export {
  findUpload,
  insertUpload,
  listStaleUploads,
  removeUpload,
  updateUpload,
  type UploadRecord,
} from "./uploads.ts";
