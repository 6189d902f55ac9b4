/** Hashing streams off the main thread, and gathering them into chunks. What a digest means belongs to `oci/`. */
export { type GatherOptions, gatherChunks } from "./gather-chunks.ts";
export { type HashPool, createHashPool } from "./hash-pool.ts";
export type { HashAlgorithm } from "./hash-messages.ts";
export type { StreamHasher } from "./stream-hasher.ts";
