import { afterAll, describe, expect, test } from "bun:test";

import { ChunkBuffers } from "../../../../src/runtime/hashing/chunk-buffers.ts";
import { createHashPool, type HashAlgorithm } from "../../../../src/runtime/index.ts";
import { failureOf } from "../../../support/failure-of.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const pool = createHashPool({ workers: 2 });

afterAll(() => pool.close());

/** Chunks that differ from each other, in memory of their own. */
function chunksOf(sizesBytes: readonly number[], seed = 0): Uint8Array<ArrayBuffer>[] {
  return sizesBytes.map((sizeBytes, index) => new Uint8Array(sizeBytes).fill(seed + index));
}

function expectedHex(algorithm: HashAlgorithm, chunks: readonly Uint8Array[]): string {
  const hasher = new Bun.CryptoHasher(algorithm);
  for (const chunk of chunks) hasher.update(chunk);
  return hasher.digest("hex");
}

async function hashedHex(algorithm: HashAlgorithm, chunks: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const hasher = pool.start(algorithm);
  for (const chunk of chunks) await hasher.update(chunk);
  return hasher.digestHex();
}

/** Lets everything go on that waits for no other thread. */
async function settleHere(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("the digest is right", () => {
  test.each([
    { what: "of nothing", sizes: [] },
    { what: "of empty chunks", sizes: [0, 0] },
    { what: "of a small stream", sizes: [10, 1000, 3] },
    { what: "of many small chunks that become much", sizes: Array.from({ length: 100 }, () => 10 * kibibyte) },
    { what: "just below what one thread hashes", sizes: [64 * kibibyte - 1] },
    { what: "at what one thread hashes", sizes: [32 * kibibyte, 32 * kibibyte] },
    { what: "just above what one thread hashes", sizes: [64 * kibibyte, 1] },
    { what: "of a large stream", sizes: [64 * kibibyte, 4 * mebibyte, 4 * mebibyte, 4 * mebibyte, 4 * mebibyte, 7] },
    { what: "of one large chunk", sizes: [20 * mebibyte] },
  ])("$what", async ({ sizes }) => {
    for (const algorithm of ["sha256", "sha512"] as const) {
      const expected = expectedHex(algorithm, chunksOf(sizes));
      expect(await hashedHex(algorithm, chunksOf(sizes))).toBe(expected);
    }
  });

  test("of many streams at once", async () => {
    const sizes = [300 * kibibyte, 50 * kibibyte, 1];
    const seeds = Array.from({ length: 50 }, (_, index) => index);
    const digests = await Promise.all(seeds.map((seed) => hashedHex("sha256", chunksOf(sizes, seed))));
    expect(digests).toEqual(seeds.map((seed) => expectedHex("sha256", chunksOf(sizes, seed))));
  });

  test("of a part of a larger buffer, which stays as it is", async () => {
    const buffer = Buffer.alloc(2 * mebibyte, "ab");
    const part = buffer.subarray(mebibyte + 1);
    const expected = expectedHex("sha256", [part]);
    expect(await hashedHex("sha256", [part])).toBe(expected);
    expect(buffer.byteLength).toBe(2 * mebibyte);
  });
});

describe("memory", () => {
  test("of a chunk that a worker hashes is moved to it", async () => {
    const [chunk = new Uint8Array()] = chunksOf([mebibyte]);
    const hasher = pool.start("sha256");
    await hasher.update(chunk);
    expect(chunk.byteLength).toBe(0);
    hasher.dispose();
  });

  test("is bounded, as who hands over more than 4 MiB waits for the worker", async () => {
    const hasher = pool.start("sha256");
    let isFree = false;
    const update = async (sizeBytes: number) => {
      isFree = false;
      await hasher.update(new Uint8Array(sizeBytes));
      isFree = true;
    };
    const fitting = update(4 * mebibyte);
    await settleHere();
    expect(isFree).toBeTrue();
    await fitting;
    const tooMuch = update(5 * mebibyte);
    await settleHere();
    expect(isFree).toBeFalse();
    await tooMuch;
    expect(await hasher.digestHex()).toBe(expectedHex("sha256", [new Uint8Array(9 * mebibyte)]));
  });
});

describe("the end of a stream", () => {
  test.each([10, mebibyte])("nothing is added after the digest of %d bytes", async (sizeBytes) => {
    const hasher = pool.start("sha256");
    await hasher.update(new Uint8Array(sizeBytes));
    await hasher.digestHex();
    expect(await failureOf(hasher.update(new Uint8Array(1)))).toContain("has ended");
    expect(await failureOf(hasher.digestHex())).toContain("has ended");
    hasher.dispose();
  });

  test.each([10, mebibyte])(
    "a dropped stream of %d bytes takes nothing more, and may be dropped again",
    async (sizeBytes) => {
      const hasher = pool.start("sha256");
      await hasher.update(new Uint8Array(sizeBytes));
      hasher.dispose();
      hasher.dispose();
      expect(await failureOf(hasher.update(new Uint8Array(1)))).toContain("was dropped");
      expect(await failureOf(hasher.digestHex())).toContain("was dropped");
    },
  );
});

describe("workers", () => {
  /** No worker knows this algorithm: it breaks, as it would by running out of memory. */
  const breaking = "no-such-hash" as HashAlgorithm;

  test("one that breaks fails its streams, those that wait as well, and is replaced", async () => {
    const single = createHashPool({ workers: 1 });
    const neighbour = single.start("sha256");
    await neighbour.update(new Uint8Array(mebibyte));
    const broken = single.start(breaking);
    expect(await failureOf(broken.update(new Uint8Array(9 * mebibyte)))).toContain("hashing thread failed");
    for (const each of [broken, neighbour])
      expect(await failureOf(each.digestHex())).toContain("hashing thread failed");
    const next = single.start("sha256");
    await next.update(new Uint8Array(mebibyte));
    expect(await next.digestHex()).toBe(expectedHex("sha256", [new Uint8Array(mebibyte)]));
    single.close();
  });

  test("a closed pool fails what is being hashed", async () => {
    const closed = createHashPool({ workers: 1 });
    const hasher = closed.start("sha256");
    await hasher.update(new Uint8Array(mebibyte));
    closed.close();
    expect(await failureOf(hasher.digestHex())).toContain("the hash pool was closed");
  });
});

describe("the memory of chunks that were hashed", () => {
  test.each([32, 1024])("is used again (%d KiB)", async (kibibytes) => {
    const own = createHashPool({ workers: 1 });
    const { buffers } = own;
    const chunk = buffers.take(kibibytes * 1024);
    const others = Array.from({ length: 3 }, () => new Uint8Array(mebibyte));
    const hasher = own.start("sha256");
    for (const each of [chunk, ...others]) await hasher.update(each.fill(5));
    await hasher.digestHex();
    // It comes without being cleared.
    const again = [buffers.take(kibibytes * 1024), buffers.take(mebibyte), buffers.take(mebibyte)];
    expect(again.map((each) => each[7])).toEqual([5, 5, 5]);
    own.close();
  });

  test("is not kept without end, nor in pieces that nobody asks for", () => {
    const buffers = new ChunkBuffers();
    const given = Array.from({ length: 30 }, () => new Uint8Array(mebibyte).fill(5).buffer);
    for (const buffer of given) buffers.give(buffer);
    expect(given.filter((buffer) => buffer.detached)).toHaveLength(14);
    const marks = Array.from({ length: 30 }, () => buffers.take(mebibyte)[7]);
    expect(marks.filter((mark) => mark === 5)).toHaveLength(16);
    for (const sizeBytes of [1000, 100_000]) {
      const odd = new Uint8Array(sizeBytes);
      buffers.give(odd.buffer);
      expect(buffers.take(sizeBytes).buffer).not.toBe(odd.buffer);
    }
  });
});
