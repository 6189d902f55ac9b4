import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { RegistryError, type RepositoryName } from "../../../src/oci/index.ts";
import {
  appendUpload,
  expireUpload,
  finishUpload,
  getUploadStatus,
  type Registry,
  startUpload,
} from "../../../src/registry/index.ts";
import { parseStorageKey, StorageError, unfinishedPrefix } from "../../../src/storage/index.ts";
import { type PurgedUploads, purgeUploads, startUploadPurging } from "../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { contentOf } from "../../support/oci-content.ts";
import { logTo } from "../http/health/log-to.ts";

const app = "team/app" as RepositoryName;
const WEEK_MS = 7 * 86_400_000;

let memory: MemoryRegistry;
let registry: Registry;
let lines: string[];
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
  lines = [];
});
afterEach(() => memory.close());

const purge = (dryRun = false) => purgeUploads({ registry, log: logTo(lines), ageMs: WEEK_MS, dryRun });
const nothing: PurgedUploads = { sessions: 0, strayFiles: 0, busy: 0, failed: 0 };

async function uploadOf(text: string): Promise<string> {
  const { id } = await startUpload(registry, app);
  const { bytes } = contentOf(text);
  await appendUpload(registry, { repository: app, id, body: new Response(bytes).body });
  return id;
}

async function exists(id: string): Promise<boolean> {
  try {
    return (await getUploadStatus(registry, app, id)).id === id;
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "upload-unknown") return false;
    throw error;
  }
}

async function unfinishedFiles(): Promise<string[]> {
  const keys = await Array.fromAsync(registry.storage.iterate(unfinishedPrefix), ({ key }) => key);
  return keys.map((key) => key.slice(unfinishedPrefix.length)).sort();
}

const keyOf = (name: string) => parseStorageKey(`${unfinishedPrefix}${name}`);

describe("purging uploads", () => {
  test("removes those that nothing was written to for the age, with their bytes", async () => {
    const old = await uploadOf("old");
    memory.clock.atMs += WEEK_MS / 2;
    const young = await uploadOf("young");
    memory.clock.atMs += WEEK_MS / 2 + 1;

    expect(await purge()).toEqual({ ...nothing, sessions: 1 });

    expect(await exists(old)).toBeFalse();
    expect(await exists(young)).toBeTrue();
    expect(await unfinishedFiles()).toEqual([young]);
    expect(lines.join()).toContain(`upload=${old}`);
  });

  test("counts the age from the last part, not from the start", async () => {
    const id = await uploadOf("first ");
    memory.clock.atMs += WEEK_MS;
    await appendUpload(registry, { repository: app, id, body: new Response("second").body });
    memory.clock.atMs += WEEK_MS;
    expect(await purge()).toEqual(nothing);
    await finishUpload(registry, { repository: app, id, body: null }, contentOf("first second").digest);
  });

  test("gets through more than one page of them", async () => {
    for (let number = 0; number < 1_201; number++) await startUpload(registry, app);
    memory.clock.atMs += WEEK_MS + 1;
    expect(await purge(true)).toEqual({ ...nothing, sessions: 1_201 });
    expect(await purge()).toEqual({ ...nothing, sessions: 1_201 });
    expect(await purge()).toEqual(nothing);
  });

  test("leaves alone what a request works on, however old, and does not disturb it", async () => {
    const id = await uploadOf("some ");
    memory.clock.atMs += WEEK_MS + 1;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const appending = appendUpload(registry, { repository: app, id, body: readable });
    await writer.write(new TextEncoder().encode("more"));

    expect(await purge()).toEqual({ ...nothing, busy: 1 });

    await writer.close();
    expect((await appending).offsetBytes).toBe("some more".length);
    expect(await purge()).toEqual(nothing);
  });

  test("leaves alone what was gone on with since it was found to be old", async () => {
    const id = await uploadOf("half");
    memory.clock.atMs += WEEK_MS;
    const beforeMs = memory.clock.atMs;
    await appendUpload(registry, { repository: app, id, body: new Response(" more").body });
    expect(await expireUpload(registry, id, beforeMs)).toBe("alive");
    expect([await exists(id), await unfinishedFiles()]).toEqual([true, [id]]);
  });

  test("makes a client that comes at that very moment start again", async () => {
    const id = await uploadOf("half");
    const expiring = expireUpload(registry, id, memory.clock.atMs + 1);
    const appending = appendUpload(registry, { repository: app, id, body: new Response(" more").body });
    expect(await appending.catch((error: RegistryError) => error.kind)).toBe("upload-unknown");
    expect([await expiring, await unfinishedFiles()]).toEqual(["expired", []]);
  });

  test("removes what a crash left behind, and nothing that may still be needed", async () => {
    await registry.storage.write(keyOf("crashed"), contentOf("bytes without a session").bytes);
    memory.clock.atMs += WEEK_MS + 1;
    await registry.storage.write(keyOf("fresh"), contentOf("a request that has just begun").bytes);
    const alive = await uploadOf("with a session");

    expect(await purge(true)).toEqual({ ...nothing, strayFiles: 1 });
    expect(await unfinishedFiles()).toEqual(["crashed", "fresh", alive].sort());
    expect(await purge()).toEqual({ ...nothing, strayFiles: 1 });
    expect(await unfinishedFiles()).toEqual(["fresh", alive].sort());
  });

  test("touches no blob", async () => {
    const id = await uploadOf("content");
    await finishUpload(registry, { repository: app, id, body: null }, contentOf("content").digest);
    memory.clock.atMs += WEEK_MS + 1;
    expect(await purge()).toEqual(nothing);
    expect(await Array.fromAsync(registry.storage.iterate(""))).toHaveLength(1);
  });

  test("only says what it would do in a dry run", async () => {
    const id = await uploadOf("old");
    memory.clock.atMs += WEEK_MS + 1;
    expect(await purge(true)).toEqual({ ...nothing, sessions: 1 });
    expect(await exists(id)).toBeTrue();
    expect(await unfinishedFiles()).toEqual([id]);
    expect(lines.join()).toContain("would remove stale upload");
  });

  test("goes on when storage refuses one, and gets it the next time", async () => {
    const [first, second] = [await uploadOf("first"), await uploadOf("second")];
    memory.clock.atMs += WEEK_MS + 1;
    const { uploads } = registry.storage;
    const cancel = uploads.cancel.bind(uploads);
    let refusals = 0;
    uploads.cancel = async (uploadId) => {
      if (refusals++ === 0) throw new StorageError("unavailable", "the disk does not answer");
      await cancel(uploadId);
    };
    // The bytes of the refused one have lost their session by then, and go as what a crash left.
    expect(await purge()).toEqual({ sessions: 1, strayFiles: 1, busy: 0, failed: 1 });
    expect([await exists(first), await exists(second)]).toEqual([false, false]);
    expect(await unfinishedFiles()).toEqual([]);
  });

  test("is refused by a read-only registry", async () => {
    await uploadOf("old");
    memory.clock.atMs += WEEK_MS + 1;
    const readOnly = { ...registry, options: { ...registry.options, readOnly: true } };
    const purging = purgeUploads({ registry: readOnly, log: logTo(lines), ageMs: WEEK_MS, dryRun: false });
    expect(await purging.catch((error: RegistryError) => error.kind)).toBe("read-only");
  });
});

describe("the purging of uploads by schedule", () => {
  const options = { enabled: true, ageMs: WEEK_MS, intervalMs: 86_400_000, dryRun: false };

  test("runs by itself and says so", async () => {
    await uploadOf("old");
    memory.clock.atMs += WEEK_MS + 1;
    const { promise: ran, resolve } = Promise.withResolvers<void>();
    const log = logTo(lines).child({});
    const info = log.info.bind(log);
    log.info = (message, fields) => {
      info(message, fields);
      if (message === "looked for stale uploads") resolve();
    };
    const schedule = startUploadPurging({ registry, log, randomPart: 0 }, options);
    await ran;
    await schedule.stop();
    expect(await unfinishedFiles()).toEqual([]);
  });

  test("can be switched off", async () => {
    await uploadOf("old");
    memory.clock.atMs += WEEK_MS + 1;
    const off = { ...options, enabled: false, intervalMs: 1 };
    const schedule = startUploadPurging({ registry, log: logTo(lines), randomPart: 0 }, off);
    await Bun.sleep(5);
    await schedule.stop();
    expect(await unfinishedFiles()).toHaveLength(1);
    expect(lines).toEqual([]);
  });
});
