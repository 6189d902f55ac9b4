import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  countLostBlobs,
  ensureRepository,
  findQuotas,
  linkBlob,
  putBlob,
  putNodeSetting,
} from "../../../../src/metadata/index.ts";
import { digestOf, type Reference, RegistryError, type RepositoryName } from "../../../../src/oci/index.ts";
import { blobKeyOf, getManifest, getManifestHead, putManifest, type Registry } from "../../../../src/registry/index.ts";
import { parseStorageKey } from "../../../../src/storage/index.ts";
import { isAllWell, ScrubBusyError, type ScrubTally } from "../../../../src/upkeep/index.ts";
import { correctQuotas } from "../../../../src/upkeep/scrub/correct-quotas.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";
import { withStorage } from "../../../support/with-storage.ts";
import { app, damage, push, runScrub, seenByClients } from "./scrubbed-registry.ts";

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  ({ registry } = memory);
});
afterEach(() => memory.close());

const none: ScrubTally = {
  blobs: 0,
  bytes: 0,
  damaged: 0,
  missing: 0,
  restored: 0,
  manifests: 0,
  damagedManifests: 0,
  failed: 0,
  correctedQuotas: 0,
};

const textAt = async (key: string) => {
  const bytes = await registry.storage.read(parseStorageKey(key));
  return bytes && new Response(bytes).text();
};

describe("content that is as it should be", () => {
  test("is all looked at, and nothing is said", async () => {
    await push(registry, "one");
    await push(registry, "a large one ".repeat(300_000));
    const { tally, findings, isFinished, readBytes } = await runScrub(registry);
    expect({ tally, findings, isFinished }).toEqual({
      tally: { ...none, blobs: 2, bytes: 3_600_003 },
      findings: [],
      isFinished: true,
    });
    expect(readBytes).toBe(3_600_003);
    expect(isAllWell(tally)).toBe(true);
  });

  test("may be empty, or nothing at all", async () => {
    expect((await runScrub(registry)).tally).toEqual(none);
    await push(registry, "");
    expect((await runScrub(registry)).tally).toEqual({ ...none, blobs: 1 });
  });
});

describe("lost bytes", () => {
  const rows: readonly [string, (registry: Registry) => Promise<void>, object, string | undefined][] = [
    ["are gone", ({ storage }) => storage.remove(blobKeyOf(contentOf("hello").digest)), { missing: 1 }, undefined],
    ["have another digest", (at) => damage(at, contentOf("hello"), "hallo"), { damaged: 1 }, "hallo"],
    ["are cut short", (at) => damage(at, contentOf("hello"), "he"), { damaged: 1 }, "he"],
    ["have become more", (at) => damage(at, contentOf("hello"), "hello, world"), { damaged: 1 }, "hello, world"],
  ];
  test.each(rows)("that %s are found, reported, moved away, and restored by a push", async (_, lose, found, left) => {
    const { digest } = await push(registry, "hello");
    await push(registry, "good");
    await lose(registry);
    const first = await runScrub(registry);
    expect(first.tally).toEqual({ ...none, blobs: 2, bytes: 4, ...found });
    const quarantineKey = `berth/quarantine/${digest}`;
    expect(first.findings).toEqual([
      {
        kind: "lost-blob",
        digest,
        storageKey: blobKeyOf(digest),
        reason: expect.any(String),
        repositories: [app],
        ...(left !== undefined && { quarantineKey: parseStorageKey(quarantineKey) }),
      },
    ]);
    expect(await textAt(quarantineKey)).toBe(left);
    expect(await seenByClients(registry, digest)).toEqual(["blob-unknown", "unavailable"]);

    const second = await runScrub(registry);
    expect([second.tally.missing + second.tally.damaged, second.findings.length]).toEqual([1, 1]);

    await push(registry, "hello");
    expect(await seenByClients(registry, digest)).toEqual(["there", "hello"]);
    expect((await runScrub(registry)).tally).toEqual({ ...none, blobs: 2, bytes: 9 });
    expect(await textAt(quarantineKey)).toBe(left);
  });

  test("that a bad sector holds are found, and the rest is looked at", async () => {
    const { digest } = await push(registry, "hello");
    await push(registry, "good");
    const broken = withStorage(registry, {
      read: (key, options) => {
        if (key === blobKeyOf(digest)) throw Object.assign(new Error("i/o error"), { code: "EIO" });
        return registry.storage.read(key, options);
      },
    });
    const { tally, findings } = await runScrub(broken);
    expect(tally).toEqual({ ...none, blobs: 2, bytes: 4, damaged: 1 });
    expect(findings).toMatchObject([{ digest, reason: "unreadable" }]);
    expect(await seenByClients(registry, digest)).toEqual(["blob-unknown", "unavailable"]);
  });

  test("are kept each time they are found damaged", async () => {
    const content = await push(registry, "hello");
    for (const text of ["hallo", "hullo"]) {
      await push(registry, "hello");
      await damage(registry, content, text);
      await runScrub(registry);
    }
    expect(await textAt(`berth/quarantine/${content.digest}`)).toBe("hallo");
    expect(await textAt(`berth/quarantine/${content.digest}.2`)).toBe("hullo");
  });

  test("that cannot be moved are on record all the same, and not served", async () => {
    const content = await push(registry, "hello");
    await damage(registry, content, "hallo");
    const stuck = withStorage(registry, { move: () => Promise.reject(new Error("read-only")) });
    const { findings } = await runScrub(stuck);
    expect(findings).toMatchObject([{ digest: content.digest, quarantineError: expect.any(Error) }]);
    expect(await seenByClients(registry, content.digest)).toEqual(["blob-unknown", "unavailable"]);
  });

  test("that somebody put back are good again", async () => {
    const content = await push(registry, "hello");
    await damage(registry, content, "hallo");
    await runScrub(registry);
    await damage(registry, content, "hello");
    const { tally, findings } = await runScrub(registry);
    expect([tally.restored, findings]).toEqual([1, [{ kind: "restored-blob", digest: content.digest }]]);
    expect(await seenByClients(registry, content.digest)).toEqual(["there", "hello"]);
  });

  test("in the place of another digest stay there for it", async () => {
    const content = await push(registry, "hello");
    const sha512 = digestOf(contentOf("other").bytes, "sha512");
    await registry.metadata.transaction(async (queries) => {
      const blob = { digest: sha512, sizeBytes: 5, storageKey: blobKeyOf(content.digest), createdAtMs: 1 };
      await linkBlob(queries, await ensureRepository(queries, app, 1), await putBlob(queries, blob), 1);
    });
    expect((await runScrub(registry)).tally).toEqual({ ...none, blobs: 2, bytes: 5, damaged: 1 });
    expect(await seenByClients(registry, content.digest)).toEqual(["there", "hello"]);
    expect(await seenByClients(registry, sha512)).toEqual(["blob-unknown", "unavailable"]);
  });
});

test("a size on record that the bytes do not have, although their digest is right, is made right", async () => {
  const { digest, bytes } = contentOf("hello");
  await registry.storage.write(blobKeyOf(digest), bytes);
  await registry.metadata.transaction(async (queries) => {
    const blob = { digest, sizeBytes: 2, storageKey: blobKeyOf(digest), createdAtMs: 1 };
    await linkBlob(queries, await ensureRepository(queries, app, 1), await putBlob(queries, blob), 1);
  });
  expect((await runScrub(registry)).tally.restored).toBe(1);
  expect(await seenByClients(registry, digest)).toEqual(["there", "hello"]);
});

test("what cannot be read for another reason is told, and does not keep the rest", async () => {
  const { digest } = await push(registry, "hello");
  await push(registry, "good");
  const denied = withStorage(registry, {
    read: (key, options) => {
      if (key === blobKeyOf(digest)) throw Object.assign(new Error("not permitted"), { code: "EACCES" });
      return registry.storage.read(key, options);
    },
  });
  const { tally, findings, isFinished } = await runScrub(denied);
  expect(tally).toEqual({ ...none, blobs: 2, bytes: 4, failed: 1 });
  expect(findings).toMatchObject([{ kind: "failed-check", digest }]);
  expect([isFinished, isAllWell(tally)]).toEqual([true, false]);
  expect(await countLostBlobs(registry.metadata.reads)).toBe(0);
});

describe("a manifest whose bytes are damaged", () => {
  const config = contentOf("{}");
  const image = imageManifest({ config, layers: [contentOf("layer")] });
  const tag: Reference = { kind: "tag", tag: "1.0" } as Reference;
  const pushImage = () => {
    const contentType = "application/vnd.oci.image.manifest.v1+json";
    return putManifest(registry, {
      repository: app,
      reference: tag,
      tags: [],
      contentType,
      body: image.bytes,
      by: nobody,
    });
  };
  const kindOf = (error: unknown) => (error instanceof RegistryError ? error.kind : error);

  test("is not served, kept aside, and restored by a push", async () => {
    await push(registry, "{}");
    await push(registry, "layer");
    await pushImage();
    const body = image.bytes.slice();
    body[20] = (body[20] ?? 0) ^ 1;
    await registry.metadata.transaction((queries) => queries.updateTable("manifests").set({ body }).execute());

    const { tally, findings } = await runScrub(registry);
    expect(tally).toMatchObject({ manifests: 1, damagedManifests: 1 });
    const { digest } = image;
    const quarantineKey = parseStorageKey(`berth/quarantine/${digest}`);
    expect(findings).toEqual([{ kind: "damaged-manifest", digest, repository: app, quarantineKey }]);
    expect(await textAt(quarantineKey)).toBe(new TextDecoder().decode(body));
    expect(await Promise.try(() => getManifest(registry, app, tag)).catch(kindOf)).toBe("unavailable");
    expect(await Promise.try(() => getManifestHead(registry, app, tag)).catch(kindOf)).toBe("manifest-unknown");
    expect((await runScrub(registry)).tally.damagedManifests).toBe(1);

    await pushImage();
    expect(new Uint8Array((await getManifest(registry, app, tag)).body)).toEqual(image.bytes);
    expect(isAllWell((await runScrub(registry)).tally)).toBe(true);
  });
});

describe("an interrupted scrub", () => {
  const texts = Array.from({ length: 30 }, (_, number) => `blob ${number}`);

  async function interrupted(afterBlobs: number) {
    const abort = new AbortController();
    return runScrub(registry, {
      signal: abort.signal,
      onProgress: ({ tally }) => {
        if (tally.blobs >= afterBlobs) abort.abort();
      },
    });
  }

  test("goes on where it was, and counts all of it", async () => {
    for (const text of texts) await push(registry, text);
    const first = await interrupted(10);
    expect([first.isFinished, first.isResumed]).toEqual([false, false]);
    expect(first.tally.blobs).toBeWithin(10, 13);
    const second = await runScrub(registry);
    expect([second.isFinished, second.isResumed, second.tally.blobs]).toEqual([true, true, 30]);
    expect(second.readBytes).toBeLessThan(21 * "blob 10".length);
    const third = await runScrub(registry);
    expect([third.isResumed, third.tally.blobs]).toEqual([false, 30]);
  });

  test("begins anew if that is asked for", async () => {
    for (const text of texts) await push(registry, text);
    await interrupted(10);
    const { isResumed, tally, readBytes } = await runScrub(registry, { restart: true });
    expect([isResumed, tally.blobs, readBytes]).toEqual([false, 30, texts.join("").length]);
  });
});

describe("of two scrubs at once", () => {
  test("the second is refused, until the first has been silent for a minute", async () => {
    await push(registry, "hello");
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const slow = withStorage(registry, {
      stat: async (key) => {
        enter();
        await released;
        return registry.storage.stat(key);
      },
    });
    const first = runScrub(slow);
    await entered;
    expect(await runScrub(registry).catch((error: unknown) => error)).toBeInstanceOf(ScrubBusyError);
    memory.clock.atMs += 60_000;
    expect((await runScrub(registry)).isFinished).toBe(true);
    release();
    expect(await first.catch((error: unknown) => error)).toBeInstanceOf(ScrubBusyError);
  });

  test("the second is refused as long as the first goes on, however long that is", async () => {
    const texts = Array.from({ length: 12 }, (_, number) => `blob ${number}`);
    for (const text of texts) await push(registry, text);
    const others: unknown[] = [];
    const slow = withStorage(registry, {
      stat: async (key) => {
        memory.clock.atMs += 10_000;
        others.push(await runScrub(registry).catch((error: unknown) => error));
        return registry.storage.stat(key);
      },
    });
    expect(await runScrub(slow)).toMatchObject({ isFinished: true, durationMs: 120_000 });
    expect(others).toEqual(texts.map(() => expect.any(ScrubBusyError)));
  });
});

describe("no false alarm is given of a blob that", () => {
  test("is pushed while its damaged bytes are read", async () => {
    const content = await push(registry, "hello");
    await damage(registry, content, "hallo");
    let isPushed = false;
    const busy = withStorage(registry, {
      read: async (key, options) => {
        const bytes = await registry.storage.read(key, options);
        if (!isPushed) await push(registry, "hello");
        isPushed = true;
        return bytes;
      },
    });
    expect(await runScrub(busy)).toMatchObject({ tally: { ...none, blobs: 1, bytes: 5 }, findings: [] });
  });

  test("is pushed at the moment at which its damaged bytes are to be moved", async () => {
    const content = await push(registry, "hello");
    await damage(registry, content, "hallo");
    memory.clock.atMs += 10;
    let moves = 0;
    const busy = withStorage(registry, {
      move: async (from, to) => {
        if (moves++ === 0) await push(registry, "hello");
        return registry.storage.move(from, to);
      },
    });
    const { tally } = await runScrub(busy);
    expect(tally).toMatchObject({ damaged: 0, missing: 0, blobs: 1 });
    expect(moves).toBe(2);
    expect(await seenByClients(registry, content.digest)).toEqual(["there", "hello"]);
    expect(await countLostBlobs(registry.metadata.reads)).toBe(0);
  });

  test("is pushed when it was just seen to be missing", async () => {
    const { digest } = await push(registry, "hello");
    await registry.storage.remove(blobKeyOf(digest));
    let looks = 0;
    const busy = withStorage(registry, {
      stat: async (key) => {
        const found = await registry.storage.stat(key);
        if (++looks === 2) await push(registry, "hello");
        return found;
      },
    });
    const { tally, findings } = await runScrub(busy);
    expect(tally).toMatchObject({ damaged: 0, missing: 0, blobs: 1 });
    expect(findings.filter(({ kind }) => kind === "lost-blob")).toEqual([]);
    expect(await countLostBlobs(registry.metadata.reads)).toBe(0);
  });

  test("is deleted while it is read", async () => {
    const { digest } = await push(registry, "hello");
    const busy = withStorage(registry, {
      stat: async (key) => {
        await registry.metadata.transaction(async (queries) => {
          await queries.deleteFrom("repository_blobs").execute();
          await queries.deleteFrom("blobs").where("digest", "=", digest).execute();
        });
        await registry.storage.remove(key);
        return undefined;
      },
    });
    expect(await runScrub(busy)).toMatchObject({ tally: none, findings: [] });
  });
});

describe("quotas", () => {
  const say = (path: string) =>
    registry.metadata.transaction((queries) =>
      putNodeSetting(queries, { path, name: "quota", value: { tags: 9 }, nowMs: 1 }),
    );
  const record = (path: string, wrong: object) =>
    registry.metadata.transaction(async (queries) => {
      await queries.updateTable("quota_uses").set(wrong).where("path", "=", path).execute();
    });
  const recorded = async (path: string) => (await findQuotas(registry.metadata.reads, [path]))[0]?.uses;
  const held = { bytes: 5, tags: 0, repositories: 0 };

  test("are verified in the end: a wrong counter is found once, and right afterwards", async () => {
    await push(registry, "hello");
    for (const path of ["", "team", "other"]) await say(path);
    expect(await runScrub(registry)).toMatchObject({ findings: [], tally: { correctedQuotas: 0 } });
    for (const wrong of [{ bytes: 3 }, { tags: 4 }, { repositories: 7 }]) {
      await record("team", wrong);
      const { findings, tally } = await runScrub(registry);
      expect(findings).toEqual([{ kind: "wrong-quota", path: "team", recorded: { ...held, ...wrong }, counted: held }]);
      expect([tally.correctedQuotas, isAllWell(tally)]).toEqual([1, true]);
      expect(await recorded("team")).toEqual(held);
    }
    expect((await runScrub(registry)).findings).toEqual([]);
    expect(await recorded("")).toEqual(held);
  });

  test("that a push changes while they are counted are not wrong", async () => {
    await push(registry, "hello");
    await say("team");
    let nowMs = 0;
    // So late that others have their turn after each step.
    const clock = { nowMs: () => (nowMs += 20) };
    let turns = 0;
    const onTurn = async () => {
      if (++turns === 2) await push(registry, "and more", "team/b" as RepositoryName);
    };
    expect(await Array.fromAsync(correctQuotas(registry.metadata, { clock, onTurn }))).toEqual([]);
    expect(await recorded("team")).toEqual({ bytes: 13, tags: 0, repositories: 0 });
    expect(turns).toBeGreaterThan(2);
  });
});
