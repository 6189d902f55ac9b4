import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf, type RegistryErrorKind, RegistryError, type RepositoryName } from "../../../../src/oci/index.ts";
import {
  appendUpload,
  cancelUpload,
  deleteBlob,
  finishUpload,
  getBlob,
  getUploadStatus,
  mountBlob,
  putWholeBlob,
  readBlob,
  type Registry,
  startUpload,
  UploadOffsetError,
} from "../../../../src/registry/index.ts";
import type { StreamHasher } from "../../../../src/runtime/index.ts";
import { type StorageDriver, StorageError, type UploadArea } from "../../../../src/storage/index.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, contentOf } from "../../../support/oci-content.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { streamOf } from "../../../support/stream-of.ts";
import { withStorage } from "../../../support/with-storage.ts";

const app = "team/app" as RepositoryName;
const other = "other" as RepositoryName;

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
});
afterEach(() => memory.close());

const bodyOf = (...texts: string[]) => streamOf(texts.map((text) => new TextEncoder().encode(text)));

/** Sends `texts`, then breaks off. */
function brokenBody(...texts: string[]): ReadableStream<Uint8Array> {
  return streamOf(
    (async function* () {
      for (const text of texts) yield new TextEncoder().encode(text);
      throw new Error("the connection was closed");
    })(),
  );
}

async function kindOf(work: Promise<unknown>): Promise<RegistryErrorKind | "no error"> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RegistryError) return error.kind;
    throw error;
  }
  return "no error";
}

async function textOf(content: Content): Promise<string> {
  const blob = await getBlob(registry, app, content.digest);
  return new Response(await readBlob(registry, blob)).text();
}

describe("an upload in parts", () => {
  test("becomes a blob of its repository", async () => {
    const whole = contentOf("hello, world");
    const { id } = await startUpload(registry, app);
    const first = { repository: app, id, body: bodyOf("hel", "lo, ") };
    expect(await appendUpload(registry, first)).toEqual({ id, repository: app, offsetBytes: 7 });
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(7);
    await finishUpload(registry, { repository: app, id, body: bodyOf("world") }, whole.digest);
    expect(await textOf(whole)).toBe("hello, world");
    expect(await kindOf(getUploadStatus(registry, app, id))).toBe("upload-unknown");
    expect(await kindOf(Promise.try(() => getBlob(registry, other, whole.digest)))).toBe("blob-unknown");
  });

  test("goes on in a process that has not seen its first part", async () => {
    const whole = contentOf("hello, world");
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("hello, ") });
    registry.runningHashes.drop(id);
    await finishUpload(registry, { repository: app, id, body: bodyOf("world") }, whole.digest);
    expect(await textOf(whole)).toBe("hello, world");
  });

  test("takes a digest of another algorithm than the session was started with", async () => {
    const bytes = new TextEncoder().encode("hello");
    const digest = digestOf(bytes, "sha512");
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("hello") });
    await finishUpload(registry, { repository: app, id, body: null }, digest);
    expect((await getBlob(registry, app, digest)).digest).toBe(digest);
  });

  test("without any byte is the empty blob", async () => {
    const empty = contentOf("");
    const { id } = await startUpload(registry, app);
    await finishUpload(registry, { repository: app, id, body: null }, empty.digest);
    expect(await textOf(empty)).toBe("");
  });

  test("with the wrong digest is thrown away with its session", async () => {
    const { id } = await startUpload(registry, app);
    const wrong = contentOf("something else").digest;
    expect(await kindOf(finishUpload(registry, { repository: app, id, body: bodyOf("hello") }, wrong))).toBe(
      "digest-mismatch",
    );
    expect(await kindOf(getUploadStatus(registry, app, id))).toBe("upload-unknown");
    expect(await kindOf(Promise.try(() => getBlob(registry, app, wrong)))).toBe("blob-unknown");
  });

  test("is unknown in another repository", async () => {
    const { id } = await startUpload(registry, app);
    expect(await kindOf(getUploadStatus(registry, other, id))).toBe("upload-unknown");
    expect(await kindOf(appendUpload(registry, { repository: other, id, body: bodyOf("x") }))).toBe("upload-unknown");
  });

  test("is gone once it is cancelled", async () => {
    const { id } = await startUpload(registry, app);
    await cancelUpload(registry, app, id);
    expect(await kindOf(cancelUpload(registry, app, id))).toBe("upload-unknown");
  });
});

test("an upload whose bytes a crash has taken is unknown, and its session ends", async () => {
  const { id } = await startUpload(registry, app);
  await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
  registry.runningHashes.drop(id);
  await registry.storage.uploads.cancel(id);
  const finish = { repository: app, id, body: null };
  expect(await kindOf(finishUpload(registry, finish, contentOf("abc").digest))).toBe("upload-unknown");
  expect(await kindOf(getUploadStatus(registry, app, id))).toBe("upload-unknown");
});

describe("a chunk", () => {
  test("in its place is taken", async () => {
    const { id } = await startUpload(registry, app);
    const first = { repository: app, id, body: bodyOf("abc"), contentRange: { firstByte: 0, lastByte: 2 } };
    expect((await appendUpload(registry, first)).offsetBytes).toBe(3);
    const second = { repository: app, id, body: bodyOf("de"), contentRange: { firstByte: 3, lastByte: 4 } };
    expect((await appendUpload(registry, second)).offsetBytes).toBe(5);
  });

  test("out of order is refused with where to go on, and the upload lives", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    const early = { repository: app, id, body: bodyOf("xyz"), contentRange: { firstByte: 9, lastByte: 11 } };
    const refusal = await appendUpload(registry, early).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UploadOffsetError);
    expect((refusal as UploadOffsetError).status.offsetBytes).toBe(3);
    await finishUpload(registry, { repository: app, id, body: bodyOf("def") }, contentOf("abcdef").digest);
    expect(await textOf(contentOf("abcdef"))).toBe("abcdef");
  });

  test("of another length than its range is refused and leaves the upload as it was", async () => {
    const { id } = await startUpload(registry, app);
    const short = { repository: app, id, body: bodyOf("ab"), contentRange: { firstByte: 0, lastByte: 2 } };
    expect(await kindOf(appendUpload(registry, short))).toBe("size-invalid");
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(0);
    await finishUpload(registry, { repository: app, id, body: bodyOf("abc") }, contentOf("abc").digest);
    expect(await textOf(contentOf("abc"))).toBe("abc");
  });
});

describe("a client that goes away", () => {
  test("finds what it has sent, and goes on from there", async () => {
    const { id } = await startUpload(registry, app);
    expect(await kindOf(appendUpload(registry, { repository: app, id, body: brokenBody("abc") }))).toBe(
      "upload-interrupted",
    );
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(3);
    await finishUpload(registry, { repository: app, id, body: bodyOf("def") }, contentOf("abcdef").digest);
    expect(await textOf(contentOf("abcdef"))).toBe("abcdef");
  });

  test("while it finishes keeps its session", async () => {
    const { id } = await startUpload(registry, app);
    const { digest } = contentOf("abcdef");
    expect(await kindOf(finishUpload(registry, { repository: app, id, body: brokenBody("abc") }, digest))).toBe(
      "upload-interrupted",
    );
    await finishUpload(registry, { repository: app, id, body: bodyOf("def") }, digest);
    expect(await textOf(contentOf("abcdef"))).toBe("abcdef");
  });

  test("and comes again takes the upload over from its own dead connection", async () => {
    const { id } = await startUpload(registry, app);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const dead = appendUpload(registry, { repository: app, id, body: readable });
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("abc"));
    const again = finishUpload(registry, { repository: app, id, body: bodyOf("def") }, contentOf("abcdef").digest);
    expect(await kindOf(dead)).toBe("upload-interrupted");
    await again;
    expect(await textOf(contentOf("abcdef"))).toBe("abcdef");
  });
});

describe("a request that cannot go on with an upload", () => {
  const contentRange = { firstByte: 1, lastByte: 3 };
  const refused: readonly (readonly [string, RegistryErrorKind, (id: string) => Promise<unknown>])[] = [
    ["of another repository", "upload-unknown", (id) => appendUpload(registry, { repository: other, id, body: null })],
    [
      "that finishes in another repository",
      "upload-unknown",
      (id) => finishUpload(registry, { repository: other, id, body: null }, contentOf("abc").digest),
    ],
    ["that cancels in another repository", "upload-unknown", (id) => cancelUpload(registry, other, id)],
    [
      "at another offset",
      "content-range-invalid",
      (id) => appendUpload(registry, { repository: app, id, body: bodyOf("bcd"), contentRange }),
    ],
    [
      "that announces bytes and has none",
      "size-invalid",
      (id) => appendUpload(registry, { repository: app, id, body: null, contentRange: { firstByte: 0, lastByte: 9 } }),
    ],
  ];

  test.each(refused)("%s interrupts nobody", async (_, kind, refusedRequest) => {
    const { id } = await startUpload(registry, app);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const running = appendUpload(registry, { repository: app, id, body: readable });
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("abc"));
    expect(await kindOf(refusedRequest(id))).toBe(kind);
    await writer.write(new TextEncoder().encode("def"));
    await writer.close();
    expect((await running).offsetBytes).toBe(6);
  });
});

test("a stop cuts uploads, keeps what they have sent, and takes no more of those that come", async () => {
  const { id } = await startUpload(registry, app);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const running = appendUpload(registry, { repository: app, id, body: readable });
  await writable.getWriter().write(new TextEncoder().encode("abc"));
  registry.uploadTurns.interruptAll();
  expect(await kindOf(running)).toBe("upload-interrupted");
  expect(registry.uploadTurns.active).toBe(0);
  expect(await kindOf(appendUpload(registry, { repository: app, id, body: bodyOf("def") }))).toBe("upload-interrupted");
  expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(3);
});

test("a part of a session that ended meanwhile is not acknowledged", async () => {
  const { id } = await startUpload(registry, app);
  const body = streamOf(
    (async function* () {
      yield new TextEncoder().encode("abc");
      await registry.metadata.transaction((queries) => queries.deleteFrom("uploads").execute());
    })(),
  );
  expect(await kindOf(appendUpload(registry, { repository: app, id, body }))).toBe("upload-unknown");
});

describe("the hash of an upload", () => {
  /** Tells of every hash that the registry starts. */
  function watchHashes(): readonly StreamHasher[] {
    const { hashPool } = registry;
    const started: StreamHasher[] = [];
    const start: Registry["hashPool"]["start"] = (algorithm) => {
      const hasher = hashPool.start(algorithm);
      started.push(hasher);
      return hasher;
    };
    registry = { ...registry, hashPool: { ...hashPool, start } };
    return started;
  }

  const hasEnded = (hasher: StreamHasher) =>
    hasher.update(new Uint8Array(1)).then(
      () => false,
      () => true,
    );

  /** Its body comes to its end, or breaks off, when the database cannot take its row any more. */
  function bodyWithoutDatabase(ending: "whole" | "broken"): ReadableStream<Uint8Array> {
    return streamOf(
      (async function* () {
        yield new TextEncoder().encode("abc");
        await registry.metadata.transaction((queries) => queries.schema.dropTable("uploads").execute());
        if (ending === "broken") throw new Error("the connection was closed");
      })(),
    );
  }

  test.each(["whole", "broken"] as const)("is not lost when the row of a %s part cannot be written", async (ending) => {
    const hashers = watchHashes();
    const { id } = await startUpload(registry, app);
    const part = { repository: app, id, body: bodyWithoutDatabase(ending) };
    expect(await appendUpload(registry, part).catch(String)).toContain("no such table: uploads");
    registry.runningHashes.drop(id);
    expect(await Promise.all(hashers.map(hasEnded))).toEqual([true]);
  });

  test("is made again from the bytes when the kept one has failed", async () => {
    const { id } = await startUpload(registry, app);
    const hashers = watchHashes();
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    // As when its worker has died.
    hashers[0]?.dispose();
    const whole = contentOf("abc");
    await finishUpload(registry, { repository: app, id, body: null }, whole.digest);
    expect(await textOf(whole)).toBe("abc");
  });

  test("is made again, and the blob put in its place, while the caller knows that no byte moves", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    registry.runningHashes.drop(id);
    const { uploads } = registry.storage;
    const steps: string[] = [];
    registry = withStorage(registry, {
      uploads: {
        ...uploads,
        read(state) {
          steps.push("read");
          return uploads.read(state);
        },
        finish(state, key) {
          steps.push("finish");
          return uploads.finish(state, key);
        },
      },
    });
    const whileSilent = async <T>(work: () => Promise<T>): Promise<T> => {
      steps.push("silent");
      const result = await work();
      steps.push("moving");
      return result;
    };
    const { digest } = contentOf("abc");
    await finishUpload(registry, { repository: app, id, body: null, whileSilent }, digest);
    expect(steps).toEqual(["silent", "read", "moving", "silent", "finish", "moving"]);
  });

  test("is dropped when the bytes cannot be read back", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    registry.runningHashes.drop(id);
    const hashers = watchHashes();
    await registry.storage.uploads.cancel(id);
    const finish = { repository: app, id, body: null };
    expect(await kindOf(finishUpload(registry, finish, contentOf("abc").digest))).toBe("upload-unknown");
    expect(await Promise.all(hashers.map(hasEnded))).toEqual([true]);
  });

  test("is dropped when the caller may not finish any more, and the session stays", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    registry.runningHashes.drop(id);
    const hashers = watchHashes();
    const beforeCommit = () => Promise.reject(new RegistryError("denied", "no longer"));
    const finish = { repository: app, id, body: null, beforeCommit };
    expect(await kindOf(finishUpload(registry, finish, contentOf("abc").digest))).toBe("denied");
    expect(await Promise.all(hashers.map(hasEnded))).toEqual([true]);
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(3);
    expect(await kindOf(Promise.try(() => getBlob(registry, app, contentOf("abc").digest)))).toBe("blob-unknown");
  });

  test("made again is given up when the request is interrupted", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("abc") });
    registry.runningHashes.drop(id);
    const hashers = watchHashes();
    registry.uploadTurns.interruptAll();
    const finish = { repository: app, id, body: null };
    expect(await kindOf(finishUpload(registry, finish, contentOf("abc").digest))).toBe("upload-interrupted");
    expect(await Promise.all(hashers.map(hasEnded))).toEqual([true]);
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(3);
  });
});

describe("a whole blob in one request", () => {
  test("is there afterwards", async () => {
    const whole = contentOf("at once");
    await putWholeBlob(registry, { repository: app, digest: whole.digest, body: bodyOf("at ", "once") });
    expect(await textOf(whole)).toBe("at once");
  });

  test("leaves nothing when its digest is wrong or it breaks off", async () => {
    const { digest } = contentOf("abcdef");
    expect(await kindOf(putWholeBlob(registry, { repository: app, digest, body: bodyOf("abc") }))).toBe(
      "digest-mismatch",
    );
    expect(await kindOf(putWholeBlob(registry, { repository: app, digest, body: brokenBody("abc") }))).toBe(
      "upload-interrupted",
    );
    const left = await Array.fromAsync(registry.storage.iterate(""));
    expect(left).toEqual([]);
  });
});

describe("a blob that comes whole in the request that ends its upload", () => {
  const KIBIBYTE = 1024;

  /** What of storage is used for it. */
  async function usedFor(put: (watched: Registry) => Promise<void>): Promise<readonly string[]> {
    const used: string[] = [];
    const watching = <T extends object>(watched: T): T =>
      new Proxy(watched, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== "function") return typeof member === "object" && member ? watching(member) : member;
          used.push(String(name));
          return (member as () => unknown).bind(target);
        },
      });
    await put({ ...registry, storage: watching(registry.storage) });
    return used;
  }

  const ways = {
    "after a session was started": async (
      watched: Registry,
      content: Content,
      body = streamOf([content.bytes.slice()]),
    ) => {
      const { id } = await startUpload(watched, app);
      await finishUpload(watched, { repository: app, id, body }, content.digest);
    },
    "without a session": (watched: Registry, { digest, bytes }: Content) =>
      putWholeBlob(watched, { repository: app, digest, body: streamOf([bytes]) }),
  };

  describe.each(Object.entries(ways))("%s", (_, put) => {
    test.each([1, 4 * KIBIBYTE, 64 * KIBIBYTE])("is written at once if it has %i bytes", async (sizeBytes) => {
      const content = contentOf("x".repeat(sizeBytes));
      expect(await usedFor((watched) => put(watched, content))).toEqual(["write"]);
      expect(await textOf(content)).toBe(new TextDecoder().decode(content.bytes));
      expect((await getBlob(registry, app, content.digest)).sizeBytes).toBe(sizeBytes);
    });

    test("is written once it was hashed if it is larger", async () => {
      const content = contentOf("x".repeat(64 * KIBIBYTE + 1));
      expect(await usedFor((watched) => put(watched, content))).toEqual(["append", "finish"]);
      expect(await textOf(content)).toBe(new TextDecoder().decode(content.bytes));
    });

    test("has the digest that it was pushed under, whatever its algorithm", async () => {
      const digest = digestOf(new TextEncoder().encode("hello"), "sha512");
      await put(registry, { ...contentOf("hello"), digest });
      expect((await getBlob(registry, app, digest)).sizeBytes).toBe(5);
    });
  });

  test("may come in many pieces", async () => {
    const content = contentOf("0123456789");
    const used = await usedFor((watched) =>
      putWholeBlob(watched, { repository: app, digest: content.digest, body: bodyOf(...Array.from("0123456789")) }),
    );
    expect(used).toEqual(["write"]);
    expect(await textOf(content)).toBe("0123456789");
  });

  test("in very many pieces is written as a large one, as each costs memory", async () => {
    const content = contentOf("x".repeat(1000));
    const used = await usedFor((watched) =>
      putWholeBlob(watched, {
        repository: app,
        digest: content.digest,
        body: bodyOf(...Array<string>(1000).fill("x")),
      }),
    );
    expect(used).toEqual(["append", "finish"]);
    expect(await textOf(content)).toBe("x".repeat(1000));
  });

  test("keeps what came if it breaks off, however little that is", async () => {
    const { id } = await startUpload(registry, app);
    const whole = contentOf("hello");
    const part = { repository: app, id, body: brokenBody("hel") };
    expect(await kindOf(finishUpload(registry, part, whole.digest))).toBe("upload-interrupted");
    expect((await getUploadStatus(registry, app, id)).offsetBytes).toBe(3);
    await finishUpload(registry, { repository: app, id, body: bodyOf("lo") }, whole.digest);
    expect(await textOf(whole)).toBe("hello");
  });

  test("is refused when storage fails, though its client stands still", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(200 * KIBIBYTE)),
    });
    const failure = new StorageError("full", "no space");
    const append: UploadArea["append"] = async (state, chunks) => {
      for await (const chunk of chunks) if (chunk.byteLength > 0) throw failure;
      return state;
    };
    const full = withStorage(registry, { uploads: { ...registry.storage.uploads, append } });
    const put = putWholeBlob(full, { repository: app, digest: contentOf("x").digest, body });
    expect(await put.catch((error: unknown) => error)).toBe(failure);
  });

  test("is not read any further when storage fails at once", async () => {
    const isCancelled = Promise.withResolvers<string>();
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10 * KIBIBYTE)),
      cancel: () => isCancelled.resolve("cancelled"),
    });
    const failure = new StorageError("full", "no space");
    const append = () => Promise.reject(failure);
    const full = withStorage(registry, { uploads: { ...registry.storage.uploads, append } });
    const put = putWholeBlob(full, { repository: app, digest: contentOf("x").digest, body });
    expect(await put.catch((error: unknown) => error)).toBe(failure);
    expect(await isCancelled.promise).toBe("cancelled");
  });

  test("may be sent again when storage did not take it", async () => {
    const whole = contentOf("hello");
    const { id } = await startUpload(registry, app);
    const failure = new StorageError("full", "no space");
    const full = new Proxy(registry.storage, {
      get: (target, name: keyof StorageDriver) =>
        name === "write" ? () => Promise.reject(failure) : (target[name] as () => unknown).bind(target),
    });
    const put = (storage: StorageDriver) =>
      finishUpload({ ...registry, storage }, { repository: app, id, body: bodyOf("hello") }, whole.digest);
    expect(await put(full).catch((error: unknown) => error)).toBe(failure);
    await put(registry.storage);
    expect(await textOf(whole)).toBe("hello");
  });
});

describe("a blob that is too large", () => {
  test("is refused while it comes in", async () => {
    await memory.close();
    memory = await openMemoryRegistry({ maxBlobBytes: 4 });
    registry = memory.registry;
    const { id } = await startUpload(registry, app);
    expect(await kindOf(appendUpload(registry, { repository: app, id, body: bodyOf("abc", "de") }))).toBe(
      "blob-too-large",
    );
    expect(
      await kindOf(
        putWholeBlob(registry, { repository: app, digest: contentOf("abcde").digest, body: bodyOf("abcde") }),
      ),
    ).toBe("blob-too-large");
    await putWholeBlob(registry, { repository: app, digest: contentOf("abcd").digest, body: bodyOf("abcd") });
    expect(await textOf(contentOf("abcd"))).toBe("abcd");
  });
});

describe("a mount", () => {
  const blob = contentOf("shared");
  beforeEach(() => putWholeBlob(registry, { repository: other, digest: blob.digest, body: bodyOf("shared") }));

  test("makes another repository's blob one's own", async () => {
    const mount = { repository: app, digest: blob.digest, from: other, mayPull: () => true };
    expect(await mountBlob(registry, mount)).toBe(true);
    expect(await textOf(blob)).toBe("shared");
  });

  test("finds a source by itself", async () => {
    expect(await mountBlob(registry, { repository: app, digest: blob.digest, mayPull: () => true })).toBe(true);
    expect(await textOf(blob)).toBe("shared");
  });

  test("is not done from where the caller may not read", async () => {
    const mount = { repository: app, digest: blob.digest, mayPull: () => false };
    expect(await mountBlob(registry, { ...mount, from: other })).toBe(false);
    expect(await mountBlob(registry, mount)).toBe(false);
    expect(await kindOf(Promise.try(() => getBlob(registry, app, blob.digest)))).toBe("blob-unknown");
  });

  test("is not done once the source has deleted the blob", async () => {
    const { digest } = blob;
    const deleting = deleteBlob(registry, { repository: other, digest, by: nobody });
    const mounting = mountBlob(registry, { repository: app, digest, from: other, mayPull: () => true });
    await deleting;
    expect(await mounting).toBe(false);
    expect(await kindOf(Promise.try(() => getBlob(registry, app, digest)))).toBe("blob-unknown");
  });

  test("of what is not there is not done", async () => {
    const { digest } = contentOf("nowhere");
    expect(await mountBlob(registry, { repository: app, digest, from: other, mayPull: () => true })).toBe(false);
    expect(await mountBlob(registry, { repository: app, digest, mayPull: () => true })).toBe(false);
  });
});

test("in read-only mode nothing is taken", async () => {
  await memory.close();
  memory = await openMemoryRegistry({ readOnly: true });
  registry = memory.registry;
  const { digest } = contentOf("x");
  expect(await kindOf(startUpload(registry, app))).toBe("read-only");
  expect(await kindOf(putWholeBlob(registry, { repository: app, digest, body: bodyOf("x") }))).toBe("read-only");
  expect(await kindOf(mountBlob(registry, { repository: app, digest, mayPull: () => true }))).toBe("read-only");
  expect(await kindOf(appendUpload(registry, { repository: app, id: "a", body: null }))).toBe("read-only");
  expect(await kindOf(cancelUpload(registry, app, "a"))).toBe("read-only");
});
