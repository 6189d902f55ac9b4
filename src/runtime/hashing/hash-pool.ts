import { ChunkBuffers } from "./chunk-buffers.ts";
import type { HashAlgorithm } from "./hash-messages.ts";
import { HashWorkerThread } from "./hash-worker-thread.ts";
import { StreamHasher } from "./stream-hasher.ts";

export interface HashPool {
  /** Begins the hash of one stream. End it with `digestHex` or `dispose`. */
  start(algorithm: HashAlgorithm): StreamHasher;
  /** Where memory comes from for chunks that are to be hashed; it comes back by itself. */
  readonly buffers: ChunkBuffers;
  /** Stops the workers; streams that are still being hashed by them fail. */
  close(): void;
}

/**
 * Hashes streams on a few worker threads, so that the thread that answers requests does not stand still meanwhile.
 * A worker is started when it is first needed, and replaced when it fails.
 */
export function createHashPool({ workers }: { readonly workers: number }): HashPool {
  const threads = new Set<HashWorkerThread>();
  const buffers = new ChunkBuffers();
  let nextHasherId = 0;

  function leastLoadedThread(): HashWorkerThread {
    const [thread] = [...threads].sort((a, b) => a.hashers - b.hashers);
    if (thread && (thread.hashers === 0 || threads.size >= workers)) return thread;
    const started = new HashWorkerThread((ended) => threads.delete(ended));
    threads.add(started);
    return started;
  }

  return {
    start: (algorithm) =>
      new StreamHasher({ algorithm, hasherId: nextHasherId++, findThread: leastLoadedThread, buffers }),
    buffers,
    close() {
      for (const thread of threads) thread.end("the hash pool was closed");
    },
  };
}
