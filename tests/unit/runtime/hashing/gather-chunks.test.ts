import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { gatherChunks, type GatherOptions, systemClock } from "../../../../src/runtime/index.ts";
import { failureOf } from "../../../support/failure-of.ts";

const kibibyte = 1024;

async function* piecesOf(pieces: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield piece;
  if (failure) throw failure;
}

const clock = systemClock;

async function gather(pieces: readonly Uint8Array[], options?: Partial<GatherOptions>) {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of gatherChunks(piecesOf(pieces), { clock, ...options })) chunks.push(chunk);
  return chunks;
}

/** Every look at it is `stepMs` after the one before. */
function clockThatSteps(stepMs: number) {
  let nowMs = 0;
  return { nowMs: () => (nowMs += stepMs) };
}

describe("gatherChunks", () => {
  test("the bytes stay as they are, in chunks of at most the given size, each in memory of its own", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    const property = fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (each, chunkBytes) => {
      const chunks = await gather(each, { chunkBytes });
      expect(Buffer.concat(chunks).equals(Buffer.concat(each))).toBeTrue();
      expect(chunks.every(({ byteLength }) => byteLength > 0 && byteLength <= chunkBytes)).toBeTrue();
      expect(chunks.slice(0, -1).every(({ byteLength }) => byteLength === chunkBytes)).toBeTrue();
      expect(chunks.every(({ byteOffset }) => byteOffset === 0)).toBeTrue();
      expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length);
    });
    await fc.assert(property);
  });

  test("a chunk's memory can be transferred, and no other buffer goes with it", async () => {
    const pooled = Buffer.from("from the pool that all small buffers share");
    const [chunk] = await gather([pooled]);
    if (!chunk) throw new Error("there is no chunk");
    structuredClone(chunk, { transfer: [chunk.buffer] });
    expect(chunk.byteLength).toBe(0);
    expect(pooled.toString()).toStartWith("from the pool");
  });

  test("a small body takes little memory", async () => {
    const [chunk] = await gather([new Uint8Array(10)]);
    expect(chunk?.byteLength).toBe(10);
    expect(chunk?.buffer.byteLength).toBe(10);
  });

  test.each([1, 32 * kibibyte, 32 * kibibyte + 1, 64 * kibibyte - 1, 64 * kibibyte + 1])(
    "the last chunk of a body of %d bytes holds at most twice its memory",
    async (sizeBytes) => {
      const last = (await gather([new Uint8Array(sizeBytes).fill(7)])).at(-1);
      if (!last) throw new Error("there is no chunk");
      expect(last.buffer.byteLength).toBeLessThanOrEqual(2 * last.byteLength);
      expect(last.every((byte) => byte === 7)).toBeTrue();
    },
  );

  test("nothing yields nothing", async () => {
    expect(await gather([])).toEqual([]);
    expect(await gather([new Uint8Array()])).toEqual([]);
  });

  test("chunks grow while they fill quickly", async () => {
    const chunks = await gather([new Uint8Array(16 * 1024 * kibibyte)], { clock: clockThatSteps(1) });
    const sizes = chunks.map(({ byteLength }) => byteLength / kibibyte);
    expect(sizes.slice(0, 8)).toEqual([32, 64, 128, 256, 512, 1024, 2048, 4096]);
  });

  test("chunks stay, and shrink, when they fill slowly", async () => {
    const steps = [0, 1, 2, 102, 402, 1402, 9402];
    let look = 0;
    const stepping = { nowMs: () => steps[look++] ?? 9403 };
    const chunks = await gather([new Uint8Array(1024 * kibibyte)], { clock: stepping });
    const sizes = chunks.map(({ byteLength }) => byteLength / kibibyte);
    expect(sizes.slice(0, 7)).toEqual([32, 64, 128, 128, 64, 32, 32]);
  });

  test("a ReadableStream is read as well", async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of gatherChunks(new Blob(["a", "b", "c"]).stream(), { clock })) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("abc");
  });

  test("what the source throws is thrown, after the full chunks before it", async () => {
    const chunks: Uint8Array[] = [];
    const gathering = async () => {
      const source = piecesOf([new Uint8Array(25)], new Error("the client went away"));
      for await (const chunk of gatherChunks(source, { clock, chunkBytes: 10 })) chunks.push(chunk);
    };
    expect(await failureOf(gathering())).toContain("the client went away");
    expect(chunks.map(({ byteLength }) => byteLength)).toEqual([10, 10]);
  });

  test("the source is closed when the chunks are not wanted any more, and one chunk is read ahead at most", async () => {
    let piecesRead = 0;
    const closed = Promise.withResolvers<string>();
    async function* endless() {
      try {
        for (;;) {
          piecesRead++;
          yield new Uint8Array(10);
        }
      } finally {
        closed.resolve("closed");
      }
    }
    for await (const chunk of gatherChunks(endless(), { clock, chunkBytes: 10 })) {
      for (let turn = 0; turn < 100; turn++) await Promise.resolve();
      expect(chunk.byteLength).toBe(10);
      break;
    }
    expect(await closed.promise).toBe("closed");
    expect(piecesRead).toBe(2);
  });

  test("a source that stands still does not hold up who wants no more", async () => {
    const never = new Promise<void>(() => undefined);
    async function* stalling() {
      yield new Uint8Array(10);
      await never;
    }
    for await (const chunk of gatherChunks(stalling(), { clock, chunkBytes: 10 })) {
      expect(chunk.byteLength).toBe(10);
      break;
    }
  });

  test("what the source throws while a chunk is used is thrown at the next, and nowhere else", async () => {
    const gathering = gatherChunks(piecesOf([new Uint8Array(10)], new Error("gone")), { clock, chunkBytes: 10 });
    expect((await gathering.next()).value?.byteLength).toBe(10);
    await Bun.sleep(0);
    expect(await failureOf(gathering.next())).toContain("gone");
  });
});
