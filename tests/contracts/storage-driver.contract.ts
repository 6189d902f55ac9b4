import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import { parseStorageKey, type StorageDriver, StorageError } from "../../src/storage/index.ts";
import type { StorageErrorReason, StorageKey, UploadState } from "../../src/storage/index.ts";
import { newUpload } from "../support/new-upload.ts";

/** A driver's backend for one test: empty at the start. */
export interface StorageHarness {
  readonly driver: StorageDriver;
  /** Another driver on the same backend, as another process has one. */
  reopen(): Promise<StorageDriver>;
  /** What is left on the backend, whatever it is: the test has removed its objects and ended its uploads. */
  leftovers(): Promise<string[]>;
  dispose(): Promise<void>;
}

const mebibyte = 1024 * 1024;
const key = parseStorageKey("docker/registry/v2/blobs/sha256/ab/abcdef/data");
const neighbour = parseStorageKey("docker/registry/v2/blobs/sha256/ab/abffff/data");
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What every storage driver has to do. A test leaves the backend empty, or fails. */
export function describeStorageDriver(name: string, makeHarness: () => Promise<StorageHarness>): void {
  describe(`storage driver ${name}`, () => {
    let harness: StorageHarness;
    let driver: StorageDriver;

    beforeEach(async () => {
      harness = await makeHarness();
      ({ driver } = harness);
    });

    afterEach(async () => {
      try {
        await Promise.all((await keysBelow(driver, "")).map((each) => driver.remove(each)));
        expect(await harness.leftovers()).toEqual([]);
      } finally {
        await driver.close();
        await harness.dispose();
      }
    });

    async function upload(...texts: string[]): Promise<UploadState> {
      return driver.uploads.append(newUpload("upload-1"), chunksOf(texts));
    }

    describe("objects", () => {
      test("what was written is read back, with its size and a time", async () => {
        await driver.write(key, bytesOf("0123456789"));
        expect(await textOf(driver.read(key))).toBe("0123456789");
        const found = await driver.stat(key);
        expect(found).toEqual({ key, sizeBytes: 10, modifiedAtMs: expect.any(Number) });
        expect(found?.modifiedAtMs).toBeGreaterThan(0);
      });

      test("an object may be empty", async () => {
        await driver.write(key, new Uint8Array());
        expect(await textOf(driver.read(key))).toBe("");
        expect((await driver.stat(key))?.sizeBytes).toBe(0);
      });

      test("the bytes may be a part of a larger buffer", async () => {
        await driver.write(key, bytesOf("0123456789").subarray(3, 6));
        expect(await textOf(driver.read(key))).toBe("345");
      });

      test.each([
        { firstByte: 0, lastByte: 9, text: "0123456789" },
        { firstByte: 0, lastByte: 0, text: "0" },
        { firstByte: 9, lastByte: 9, text: "9" },
        { firstByte: 3, lastByte: 6, text: "3456" },
      ])("bytes $firstByte to $lastByte, both included", async ({ text, ...range }) => {
        await driver.write(key, bytesOf("0123456789"));
        expect(await textOf(driver.read(key, { range }))).toBe(text);
        expect(await textOf(driver.read(key, { range, sizeBytes: 10 }), throughResponse)).toBe(text);
      });

      test.each([0, 9, 11])(
        "an object of another size than %d bytes, which it should have, is not read",
        async (sizeBytes) => {
          await driver.write(key, bytesOf("0123456789"));
          const error = await expectStorageError("corrupt", () => driver.read(key, { sizeBytes }));
          expect(error.message).toContain(`has 10 bytes, not ${sizeBytes}`);
          const range = { firstByte: 0, lastByte: 0 };
          await expectStorageError("corrupt", () => driver.read(key, { range, sizeBytes }));
        },
      );

      test("what is absent is undefined, and removing it does nothing", async () => {
        expect(await driver.stat(key)).toBeUndefined();
        expect(await driver.read(key)).toBeUndefined();
        expect(await driver.read(key, { range: { firstByte: 0, lastByte: 0 }, sizeBytes: 1 })).toBeUndefined();
        await driver.remove(key);
      });

      test("a removed object is absent, its neighbour is not", async () => {
        await driver.write(key, bytesOf("one"));
        await driver.write(neighbour, bytesOf("two"));
        await driver.remove(key);
        expect(await driver.stat(key)).toBeUndefined();
        expect(await textOf(driver.read(neighbour))).toBe("two");
      });

      test("a key can be written again after its object was removed", async () => {
        await driver.write(key, bytesOf("one"));
        await driver.remove(key);
        await driver.write(key, bytesOf("two"));
        expect(await textOf(driver.read(key))).toBe("two");
      });

      test("what is empty goes, what holds an object stays, and there is room for another", async () => {
        await driver.write(key, bytesOf("one"));
        await driver.write(neighbour, bytesOf("two"));
        await driver.remove(key);
        for (const prefix of ["docker/registry/", "docker/registry/", "nothing/there/"])
          await driver.removeEmpty(prefix);
        expect(await keysBelow(driver, "")).toEqual([neighbour]);
        await driver.remove(neighbour);
        await driver.removeEmpty("");
        await driver.write(key, bytesOf("three"));
        expect(await textOf(driver.read(key))).toBe("three");
        await expectStorageError("invalid-key", () => driver.removeEmpty("docker"));
      });

      test("the part of a key is no object", async () => {
        await driver.write(key, bytesOf("one"));
        expect(await driver.stat(parseStorageKey("docker/registry/v2/blobs"))).toBeUndefined();
        expect(await driver.read(parseStorageKey("docker/registry"))).toBeUndefined();
        await driver.remove(parseStorageKey("docker"));
        expect(await textOf(driver.read(key))).toBe("one");
      });

      test("nothing lies below an object", async () => {
        await driver.write(key, bytesOf("one"));
        const below = parseStorageKey(`${key}/below`);
        expect(await driver.stat(below)).toBeUndefined();
        expect(await driver.read(below)).toBeUndefined();
        await driver.remove(below);
      });

      test("a moved object lies under its new key with its bytes and its time, and replaces what was there", async () => {
        const away = parseStorageKey("berth/quarantine/sha256:abcdef");
        await driver.write(away, bytesOf("old"));
        await driver.write(key, bytesOf("0123456789"));
        const before = await driver.stat(key);
        expect(await driver.move(key, away)).toBe(true);
        expect(await driver.stat(key)).toBeUndefined();
        expect(await driver.stat(away)).toEqual({ key: away, sizeBytes: 10, modifiedAtMs: before?.modifiedAtMs ?? 0 });
        expect(await textOf(driver.read(away))).toBe("0123456789");
        expect(await driver.move(away, key)).toBe(true);
        expect(await textOf(driver.read(key))).toBe("0123456789");
      });

      test("moving what is absent says so and changes nothing", async () => {
        await driver.write(neighbour, bytesOf("two"));
        expect(await driver.move(key, neighbour)).toBe(false);
        expect(await driver.move(parseStorageKey("docker/registry"), key)).toBe(false);
        expect(await textOf(driver.read(neighbour))).toBe("two");
      });

      test("of moves of one object at once, one finds it", async () => {
        await driver.write(key, bytesOf("one"));
        const targets = ["a", "b", "c", "d"].map((name) => parseStorageKey(`docker/moved/${name}/data`));
        const found = await Promise.all(targets.map((target) => driver.move(key, target)));
        expect(found.filter(Boolean)).toHaveLength(1);
        expect(await keysBelow(driver, "docker/moved/")).toHaveLength(1);
      });

      test("who reads while it is overwritten sees the old bytes or the new, never a mixture", async () => {
        const versions = ["a", "b"].map((letter) => letter.repeat(mebibyte));
        await driver.write(key, bytesOf(versions[0] ?? ""));
        const written = Promise.withResolvers<string>();
        const write = async () => {
          for (let turn = 1; turn <= 20; turn++) await driver.write(key, bytesOf(versions[turn % 2] ?? ""));
          written.resolve("written");
        };
        const readMixtures = async (): Promise<number[]> => {
          const text = await textOf(driver.read(key));
          if (!versions.includes(text)) return [text.length];
          const isWritten = await Promise.race([written.promise, Promise.resolve("not yet")]);
          return isWritten === "written" ? [] : readMixtures();
        };
        const [mixtures] = await Promise.all([readMixtures(), write()]);
        expect(mixtures).toEqual([]);
      });

      test("of writes to one key at once, one wins entirely", async () => {
        const texts = Array.from({ length: 16 }, (_, writer) => `${writer}:`.repeat(1000 + writer));
        await Promise.all(texts.map((text) => driver.write(key, bytesOf(text))));
        expect(texts).toContain(await textOf(driver.read(key)));
      });

      test("writes and removals of one key at once all succeed", async () => {
        const turns = Array.from({ length: 40 }, (_, turn) =>
          turn % 2 === 0 ? driver.write(key, bytesOf("one")) : driver.remove(key),
        );
        await Promise.all(turns);
        expect([undefined, 3]).toContain((await driver.stat(key))?.sizeBytes);
      });

      test("many keys written at once are all there", async () => {
        const keys = Array.from({ length: 100 }, (_, index) => parseStorageKey(`many/${index % 7}/${index}/data`));
        await Promise.all(keys.map((each) => driver.write(each, bytesOf(each))));
        expect(await Promise.all(keys.map((each) => textOf(driver.read(each))))).toEqual(keys);
      });
    });

    describe("iterate", () => {
      beforeEach(async () => {
        for (const each of ["one", "two/a", "two/b/c", "two-b/d"])
          await driver.write(parseStorageKey(each), bytesOf(each));
      });

      test.each([
        { prefix: "", keys: ["one", "two-b/d", "two/a", "two/b/c"] },
        { prefix: "two/", keys: ["two/a", "two/b/c"] },
        { prefix: "two/b/", keys: ["two/b/c"] },
        { prefix: "one/", keys: [] },
        { prefix: "absent/", keys: [] },
      ])("every object below '$prefix'", async ({ prefix, keys }) => {
        expect((await keysBelow(driver, prefix)) as string[]).toEqual([...keys]);
      });

      test("says of each what stat says", async () => {
        for await (const found of driver.iterate("")) expect(await driver.stat(found.key)).toEqual(found);
      });

      test("objects may be removed on the way", async () => {
        for await (const found of driver.iterate("")) await driver.remove(found.key);
        expect(await keysBelow(driver, "")).toEqual([]);
      });

      test("may be left early", async () => {
        for await (const found of driver.iterate("two/")) {
          expect(found.key).toStartWith("two/");
          break;
        }
      });

      test("lists no unfinished upload", async () => {
        const state = await upload("unfinished");
        expect(await keysBelow(driver, "")).toHaveLength(4);
        await driver.uploads.cancel(state.uploadId);
      });

      test.each(["two", "/", "two//", "../"])("refuses the prefix '%s'", async (prefix) => {
        await expectStorageError("invalid-key", () => keysBelow(driver, prefix));
      });
    });

    describe("keys", () => {
      test.each(["", "/a", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/./b", "a\0b"])(
        "%j is refused before anything is touched",
        async (text) => {
          const invalid = text as StorageKey;
          const state = newUpload("upload-1");
          await expectStorageError("invalid-key", () => driver.stat(invalid));
          await expectStorageError("invalid-key", () => driver.read(invalid));
          await expectStorageError("invalid-key", () => driver.write(invalid, bytesOf("x")));
          await expectStorageError("invalid-key", () => driver.remove(invalid));
          await expectStorageError("invalid-key", () => driver.uploads.finish(state, invalid));
          await driver.uploads.cancel(state.uploadId);
        },
      );

      test.each(["", "..", "../up", "a/b", "a\0b"])("the upload id %j is refused", async (id) => {
        await expectStorageError("invalid-key", () => driver.uploads.append(newUpload(id), chunksOf(["x"])));
      });

      test("every other character is taken as it is", async () => {
        const odd = parseStorageKey("a b/ü+%2F%00/c:d\\e/data");
        await driver.write(odd, bytesOf("odd"));
        expect(await textOf(driver.read(odd))).toBe("odd");
        expect(await keysBelow(driver, "a b/")).toEqual([odd]);
      });
    });

    describe("uploads", () => {
      test("start, append, append, finish", async () => {
        const started = newUpload("upload-1");
        expect(started.offsetBytes).toBe(0);
        const once = await driver.uploads.append(started, chunksOf(["012", "34"]));
        expect(once.offsetBytes).toBe(5);
        expect(await driver.stat(key)).toBeUndefined();
        const twice = await driver.uploads.append(once, chunksOf(["56789"]));
        expect(twice.offsetBytes).toBe(10);
        await driver.uploads.finish(twice, key);
        expect(await textOf(driver.read(key))).toBe("0123456789");
        expect((await driver.stat(key))?.sizeBytes).toBe(10);
      });

      test("another process goes on from the state as JSON", async () => {
        const state = JSON.parse(JSON.stringify(await upload("01234"))) as UploadState;
        const other = await harness.reopen();
        expect(await textOf(other.uploads.read(state))).toBe("01234");
        const appended = await other.uploads.append(state, chunksOf(["56789"]));
        await other.uploads.finish(JSON.parse(JSON.stringify(appended)) as UploadState, key);
        await other.close();
        expect(await textOf(driver.read(key))).toBe("0123456789");
      });

      test("no byte at all, with and without an append", async () => {
        await driver.uploads.finish(newUpload("upload-1"), key);
        expect((await driver.stat(key))?.sizeBytes).toBe(0);
        const state = await upload();
        expect(state.offsetBytes).toBe(0);
        expect(await textOf(driver.uploads.read(state))).toBe("");
        await driver.uploads.finish(state, neighbour);
        expect((await driver.stat(neighbour))?.sizeBytes).toBe(0);
      });

      test("empty chunks add nothing", async () => {
        const state = await upload("", "01", "", "23", "");
        expect(state.offsetBytes).toBe(4);
        await driver.uploads.finish(state, key);
        expect(await textOf(driver.read(key))).toBe("0123");
      });

      test("an append of nothing leaves the upload as it is", async () => {
        const state = await driver.uploads.append(await upload("0123"), chunksOf([]));
        expect(state.offsetBytes).toBe(4);
        await driver.uploads.finish(state, key);
        expect(await textOf(driver.read(key))).toBe("0123");
      });

      test("what a broken append left is not in the object", async () => {
        const state = await upload("01234");
        const gone = new Error("the client went away");
        expect(await failureOf(driver.uploads.append(state, chunksOf(["unacknowledged"], gone)))).toBe(gone);
        expect(await textOf(driver.uploads.read(state))).toBe("01234");
        await driver.uploads.finish(state, key);
        expect(await textOf(driver.read(key))).toBe("01234");
      });

      test("what a broken append left is not between two parts", async () => {
        const started = newUpload("upload-1");
        const gone = new Error("the client went away");
        await failureOf(driver.uploads.append(started, chunksOf(["much that was never acknowledged"], gone)));
        const state = await driver.uploads.append(started, chunksOf(["01"]));
        await failureOf(driver.uploads.append(state, chunksOf(["unacknowledged"], gone)));
        await driver.uploads.finish(await driver.uploads.append(state, chunksOf(["23"])), key);
        expect(await textOf(driver.read(key))).toBe("0123");
      });

      test("an append that breaks at the start of an upload leaves nothing behind", async () => {
        const started = newUpload("upload-1");
        const gone = new Error("the client went away");
        expect(await failureOf(driver.uploads.append(started, chunksOf(["unacknowledged"], gone)))).toBe(gone);
        expect(await harness.leftovers()).toEqual([]);
      });

      test("a chunk's memory may be handed on when the next is asked for", async () => {
        async function* handingOn() {
          for (const letter of "abc") {
            const chunk = bytesOf(letter.repeat(mebibyte));
            yield chunk;
            structuredClone(chunk, { transfer: [chunk.buffer] });
            expect(chunk.byteLength).toBe(0);
          }
        }
        const state = await driver.uploads.append(newUpload("upload-1"), handingOn());
        await driver.uploads.finish(state, key);
        const expected = ["a", "b", "c"].map((letter) => letter.repeat(mebibyte)).join("");
        expect((await textOf(driver.read(key))) === expected).toBeTrue();
      });

      test("chunks are asked for one by one, and the source is closed at the end", async () => {
        const events: string[] = [];
        async function* watched() {
          try {
            for (const letter of "ab") {
              events.push(`asked for ${letter}`);
              yield bytesOf(letter);
            }
          } finally {
            events.push("closed");
          }
        }
        const state = await driver.uploads.append(newUpload("upload-1"), watched());
        expect(events).toEqual(["asked for a", "asked for b", "closed"]);
        await driver.uploads.cancel(state.uploadId);
      });

      test("64 MiB go through and come back whole", async () => {
        const written = new Bun.CryptoHasher("sha256");
        async function* large() {
          for (let index = 0; index < 64; index++) {
            const chunk = new Uint8Array(mebibyte).fill(index);
            written.update(chunk);
            yield chunk;
          }
        }
        const state = await driver.uploads.append(newUpload("upload-1"), large());
        expect(state.offsetBytes).toBe(64 * mebibyte);
        await driver.uploads.finish(state, key);
        const read = new Bun.CryptoHasher("sha256");
        for await (const piece of new Response(await driver.read(key)).body ?? []) read.update(piece);
        expect(read.digest("hex")).toBe(written.digest("hex"));
        const range = { firstByte: 33 * mebibyte - 1, lastByte: 33 * mebibyte };
        expect([...bytesOf(await textOf(driver.read(key, { range })))]).toEqual([32, 33]);
      });

      test("finishing replaces what was there", async () => {
        await driver.write(key, bytesOf("old"));
        await driver.uploads.finish(await upload("new bytes"), key);
        expect(await textOf(driver.read(key))).toBe("new bytes");
      });

      test("of uploads finished to one key at once, one wins entirely", async () => {
        const texts = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(1000));
        await Promise.all(
          texts.map(async (text, index) => {
            const started = newUpload(`upload-${index}`);
            await driver.uploads.finish(await driver.uploads.append(started, chunksOf([text])), key);
          }),
        );
        expect(texts).toContain(await textOf(driver.read(key)));
      });

      test("a cancelled upload is gone, and can be cancelled again", async () => {
        const state = await upload("0123");
        await driver.uploads.cancel(state.uploadId);
        await driver.uploads.cancel(state.uploadId);
        await expectStorageError("upload-gone", () => driver.uploads.read(state));
        await expectStorageError("upload-gone", () => driver.uploads.append(state, chunksOf(["x"])));
        await expectStorageError("upload-gone", () => driver.uploads.finish(state, key));
        expect(await driver.stat(key)).toBeUndefined();
      });

      test("a finished upload is gone, and cancelling it leaves the object", async () => {
        const state = await upload("0123");
        await driver.uploads.finish(state, key);
        await driver.uploads.cancel(state.uploadId);
        await expectStorageError("upload-gone", () => driver.uploads.finish(state, neighbour));
        expect(await textOf(driver.read(key))).toBe("0123");
      });

      test("an upload that was started only can be cancelled", async () => {
        await driver.uploads.cancel("upload-1");
      });

      test("an upload that has lost bytes is not finished", async () => {
        const state = await upload("0123");
        const lost = { ...state, offsetBytes: 5 };
        await expectStorageError("corrupt", () => driver.uploads.read(lost));
        await expectStorageError("corrupt", () => driver.uploads.append(lost, chunksOf(["x"])));
        await expectStorageError("corrupt", () => driver.uploads.finish(lost, key));
        expect(await driver.stat(key)).toBeUndefined();
        await driver.uploads.cancel(state.uploadId);
      });
    });

    test("a working backend passes the check, at once and again", async () => {
      await Promise.all([driver.check(), driver.check()]);
      await driver.check();
    });
  });
}

/** Asserts that an operation fails as the port says it does. */
export async function expectStorageError(
  reason: StorageErrorReason,
  run: () => Promise<unknown>,
): Promise<StorageError> {
  const failure = await failureOf(run());
  if (!(failure instanceof StorageError)) throw new Error(`no StorageError: ${String(failure)}`, { cause: failure });
  expect(`${failure.reason}: ${failure.message}`).toStartWith(`${reason}: `);
  return failure;
}

async function failureOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation;
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
}

/** Yields the texts' bytes, then throws `failure` if there is one. */
export async function* chunksOf(
  texts: readonly string[],
  failure?: Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield bytesOf(text);
  if (failure) throw failure;
}

export async function keysBelow(driver: StorageDriver, prefix: string): Promise<StorageKey[]> {
  const keys: StorageKey[] = [];
  for await (const found of driver.iterate(prefix)) keys.push(found.key);
  return keys.sort();
}

const throughResponse = (bytes: Blob) => new Response(bytes).text();

async function textOf(reading: Promise<Blob | undefined>, read = throughResponse): Promise<string> {
  const bytes = await reading;
  if (!bytes) throw new Error("there is no such object");
  return read(bytes);
}
