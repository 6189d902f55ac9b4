/**
 * Removes and checks what is there, while the registry serves: stale uploads; and brings in what another registry left.
 * It decides when and how much, never whether content may go: that is the registry's rule.
 */
export { type PurgedUploads, purgeUploads, type UploadPurge } from "./purge-uploads.ts";
export { type Schedule, type ScheduleOptions, startSchedule } from "./schedule.ts";
export { startUploadPurging, type UploadPurgingOptions, type UploadPurgingParts } from "./start-upload-purging.ts";
