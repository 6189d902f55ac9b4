/**
 * What every program needs and no word of a registry: time, logs, shared syncs, schedules, hashing of streams, memory
 * with a bound, threads, files, guarded requests to elsewhere.
 */
export { addressRange } from "./address-range.ts";
export { type Clock, systemClock } from "./clock.ts";
export { Closers } from "./closers.ts";
export { CoalescedSync } from "./coalesced-sync.ts";
export { collectBytes } from "./collect-bytes.ts";
export { CronTimes } from "./cron-times.ts";
export { makeFolder, type SyncFolder, syncFolder } from "./durable-folder.ts";
export { errorCode } from "./error-code.ts";
export { messageOf } from "./error-message.ts";
export { FileError } from "./file-error.ts";
export { fileIdentity } from "./file-identity.ts";
export { freeMemory } from "./free-memory.ts";
export { GarbagePacer } from "./garbage-pacer.ts";
export {
  createHashPool,
  gatherChunks,
  type GatherOptions,
  type HashAlgorithm,
  type HashPool,
  type StreamHasher,
} from "./hashing/index.ts";
export { createLineOutput, type LineOutput } from "./log-output.ts";
export { describeError } from "./log-value.ts";
export { createLog, type Log, type LogFields, type LogLevel } from "./log.ts";
export { Networks } from "./networks.ts";
export { createSafeFetch, OutboundError, type SafeFetch, type SafeFetchOptions } from "./outbound/index.ts";
export type { RandomBytes } from "./random-bytes.ts";
export { RecentlyUsed } from "./recently-used.ts";
export { pause, type Schedule, startSchedule } from "./schedule.ts";
export { type Soon, whenThere } from "./soon.ts";
export { parseTextPattern } from "./text-pattern.ts";
export { within } from "./within.ts";
export { workerProgram, WorkerThread } from "./worker-thread.ts";
