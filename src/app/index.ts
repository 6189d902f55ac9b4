/**
 * The wiring: builds the running system from its configuration, and what commands need of it without a server. Alone it knows every
 * concrete class, and hands clock, randomness and environment to the rooms. It has no rules of its own and knows no command line.
 */
export { auditLine } from "../events/index.ts";
export type { ActFilter, ActPage, ActRecord, ChainBreak, ChainReport, Removal } from "../metadata/index.ts";
export type { ContentExplanation, ManifestKeeper } from "../registry/index.ts";
export {
  type BackupChoice,
  type BackupRecord,
  type CopyProgress,
  type Damage,
  describeFinding,
  type ExportedRepository,
  type ExportForm,
  type Finding,
  type GarbageTally,
  type ImageExportSummary,
  type ImageForm,
  type ImportedRepository,
  type ImportSummary,
  isAllWell,
  type Named,
  type RegistryV2Summary,
  type RepairedIndex,
  type RetentionTally,
  type ScrubOutcome,
  type ScrubState,
  type ZotExported,
  type ZotExportSummary,
  type UnknownFiles,
  type WoundBack,
  type ZotRepository,
  type ZotSummary,
} from "../upkeep/index.ts";
export { backUpRegistry, listBackupsIn, type RestoredRegistry, restoreRegistry } from "./tasks/back-up.ts";
export { applyRetentionOf } from "./tasks/apply-retention.ts";
export { collectGarbageOf, type CollectOptions, explainContentOf } from "./tasks/collect-garbage.ts";
export { COMMAND } from "./command-name.ts";
export { exportToFiles } from "./tasks/export-to-files.ts";
export { exportToZot } from "./tasks/export-to-zot.ts";
export { exportToRegistryV2 } from "./tasks/export-registry-v2.ts";
export { findFileProblems } from "./find-file-problems.ts";
export { type ArchiveImportSummary, importArchive } from "./tasks/import-archive.ts";
export { importFromZot } from "./tasks/import-from-zot.ts";
export { importDirectory, type ImportOptions } from "./tasks/import-directory.ts";
export { openLocalApi } from "./tasks/open-local-api.ts";
export { rebuildRegistry, type Rebuilt } from "./tasks/rebuild-registry.ts";
export { type AuditTrail, readAudit } from "./tasks/read-audit.ts";
export { type ScrubOptions, scrubRegistry } from "./tasks/scrub-registry.ts";
export { serverFromHere } from "./server-from-here.ts";
export { type App, startApp, type Surroundings } from "./start-app.ts";
export { StartError } from "./start-error.ts";
export { countProcesses, SERVING_PROCESS, superviseApp } from "./supervise-app.ts";
export { TaskError } from "./tasks/task-error.ts";
export { VERSION } from "./version.ts";
