import type { HashAlgorithm, HashReply, HashRequest } from "./hash-messages.ts";

/** The program of a hashing worker. An entry point of its own: a compiled executable has to be built with it. */
declare const self: Worker;

const hashers = new Map<number, Bun.CryptoHasher>();

self.addEventListener("message", ({ data }: MessageEvent<HashRequest>) => {
  const reply = answer(data);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
  if (reply) self.postMessage(reply, reply.kind === "hashed" ? [reply.chunk.buffer] : []);
});

function answer(request: HashRequest): HashReply | undefined {
  const { hasherId } = request;
  if (request.kind === "chunk") {
    const { algorithm, chunk } = request;
    findOrStart(hasherId, algorithm).update(chunk);
    return { kind: "hashed", hasherId, chunk };
  }
  const hasher = hashers.get(hasherId);
  hashers.delete(hasherId);
  if (request.kind === "drop" || !hasher) return undefined;
  return { kind: "digest", hasherId, hex: hasher.digest("hex") };
}

function findOrStart(hasherId: number, algorithm: HashAlgorithm): Bun.CryptoHasher {
  const found = hashers.get(hasherId);
  if (found) return found;
  const started = new Bun.CryptoHasher(algorithm);
  hashers.set(hasherId, started);
  return started;
}
