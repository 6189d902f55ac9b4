import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { OCI_IMAGE_MANIFEST, parseReference, RegistryError, type RepositoryName } from "../../../src/oci/index.ts";
import {
  appendUpload,
  cancelUpload,
  deleteBlob,
  deleteManifest,
  endMaintenance,
  expireUpload,
  finishUpload,
  getBlob,
  getManifest,
  getUploadStatus,
  mountBlob,
  putManifest,
  putWholeBlob,
  type Registry,
  type RegistryChange,
  startMaintenance,
  startUpload,
} from "../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { nobody } from "../../support/nobody.ts";
import { contentOf, imageManifest } from "../../support/oci-content.ts";
import { streamOf } from "../../support/stream-of.ts";

const app = "team/app" as RepositoryName;
const other = "other" as RepositoryName;
const config = contentOf("{}");
const layer = contentOf("layer");
const image = imageManifest({ config, layers: [layer] });

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
  for (const { digest, bytes } of [config, layer])
    await putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]) });
});
afterEach(() => memory.close());

const bytesOf = (text: string) => new TextEncoder().encode(text);
const bodyOf = (text: string) => streamOf([bytesOf(text)]);

function change<T>(work: (change: RegistryChange) => Promise<T>): Promise<T> {
  const nowMs = memory.clock.atMs;
  return registry.metadata.transaction((queries) =>
    work({ queries, nowMs, by: nobody, record: () => Promise.resolve() }),
  );
}
const begin = (reason: string | null = "new disks", untilMs: number | null = null) =>
  change((one) => startMaintenance(one, { reason, untilMs }));
const end = () => change(endMaintenance);

const push = (reference = "1") =>
  putManifest(registry, {
    repository: app,
    reference: parseReference(reference),
    tags: [],
    contentType: OCI_IMAGE_MANIFEST,
    body: image.bytes,
    by: nobody,
  });

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof RegistryError) return error.kind;
    throw error;
  }
}

/** Every way to change content, of which each is refused by `read-only` alone. */
function changes(upload: string): readonly Promise<unknown>[] {
  const { digest } = contentOf("new");
  const reference = parseReference("1");
  return [
    push(),
    startUpload(registry, app),
    appendUpload(registry, { repository: app, id: upload, body: bodyOf("more") }),
    finishUpload(registry, { repository: app, id: upload, body: null }, digest),
    cancelUpload(registry, app, upload),
    expireUpload(registry, upload, Number.MAX_SAFE_INTEGER),
    putWholeBlob(registry, { repository: app, digest, body: bodyOf("new") }),
    mountBlob(registry, { repository: other, digest: layer.digest, mayPull: () => true }),
    deleteManifest(registry, { repository: app, reference, by: nobody }),
    deleteBlob(registry, { repository: app, digest: layer.digest, by: nobody }),
  ];
}

describe("during maintenance", () => {
  test("nothing is changed, and all is taken afterwards as if nothing had been", async () => {
    await push();
    const { id } = await startUpload(registry, app);
    await begin();
    const outcomes = await Promise.all(changes(id).map(outcomeOf));
    expect(outcomes).toEqual(outcomes.map(() => "read-only"));
    expect((await getManifest(registry, app, parseReference("1"))).digest).toBe(image.digest);
    expect((await getBlob(registry, app, layer.digest)).digest).toBe(layer.digest);
    expect(await getUploadStatus(registry, app, id)).toMatchObject({ offsetBytes: 0 });
    await end();
    await appendUpload(registry, { repository: app, id, body: bodyOf("ne") });
    await finishUpload(registry, { repository: app, id, body: bodyOf("w") }, contentOf("new").digest);
    await push("2");
  });

  test("whoever wants to change something is told why and until when", async () => {
    await begin("new disks", memory.clock.atMs + 1000);
    expect(await push().catch((error: unknown) => error)).toMatchObject({
      message:
        "the registry is in read-only mode for maintenance until 1970-01-01T00:16:41.000Z (new disks): pulls work, changes do not",
      details: [{ reason: "new disks", since: "1970-01-01T00:16:40.000Z", until: "1970-01-01T00:16:41.000Z" }],
    });
    await begin(null);
    expect(await push().catch((error: unknown) => error)).toMatchObject({
      message: "the registry is in read-only mode for maintenance: pulls work, changes do not",
    });
  });

  test("what ends by itself ends", async () => {
    await begin(null, memory.clock.atMs + 1000);
    memory.clock.atMs += 999;
    expect(await outcomeOf(push())).toBe("read-only");
    memory.clock.atMs += 1;
    expect(await outcomeOf(push())).toBe("done");
  });
});

describe("what is under way when maintenance begins", () => {
  test("a part is kept, and the upload goes on from there afterwards", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, {
      repository: app,
      id,
      body: streamOf(
        (async function* () {
          yield bytesOf("a");
          await begin();
          yield bytesOf("b");
        })(),
      ),
    });
    const finish = () => finishUpload(registry, { repository: app, id, body: null }, contentOf("ab").digest);
    expect(await outcomeOf(finish())).toBe("read-only");
    await end();
    await finish();
    expect((await getBlob(registry, app, contentOf("ab").digest)).sizeBytes).toBe(2);
  });

  test("a last part is refused, and can be sent again afterwards", async () => {
    const { id } = await startUpload(registry, app);
    await appendUpload(registry, { repository: app, id, body: bodyOf("first ") });
    const { digest } = contentOf("first last");
    const late = streamOf(
      (async function* () {
        yield bytesOf("la");
        await begin();
        yield bytesOf("st");
      })(),
    );
    expect(await outcomeOf(finishUpload(registry, { repository: app, id, body: late }, digest))).toBe("read-only");
    expect(await outcomeOf(Promise.try(() => getBlob(registry, app, digest)))).toBe("blob-unknown");
    expect(await getUploadStatus(registry, app, id)).toMatchObject({ offsetBytes: 6 });
    await end();
    await finishUpload(registry, { repository: app, id, body: bodyOf("last") }, digest);
    expect((await getBlob(registry, app, digest)).sizeBytes).toBe(10);
  });

  test("a whole blob is refused and leaves nothing", async () => {
    const late = streamOf(
      (async function* () {
        yield bytesOf("la");
        await begin();
        yield bytesOf("te");
      })(),
    );
    const { digest } = contentOf("late");
    expect(await outcomeOf(putWholeBlob(registry, { repository: app, digest, body: late }))).toBe("read-only");
    expect(await outcomeOf(Promise.try(() => getBlob(registry, app, digest)))).toBe("blob-unknown");
    expect(await Array.fromAsync(registry.storage.iterate("berth/"))).toEqual([]);
  });
});
