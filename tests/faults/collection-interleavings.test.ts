import { describe, expect, test } from "bun:test";
import { type MetadataDatabase, type Queries, recordDescribed } from "../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, RegistryError, type RepositoryName } from "../../src/oci/index.ts";
import {
  blobKeyOf,
  type Collection,
  deleteBlob,
  expireBin,
  getBlob,
  getManifest,
  mountBlob,
  moveRepository,
  putWholeBlob,
  type Registry,
  releaseBytes,
  RepositoryMoved,
  restoreFromBin,
  reviewBlobs,
  reviewLinks,
  reviewManifests,
  SETTLE_MS,
  sweepBlobs,
} from "../../src/registry/index.ts";
import type { StorageDriver } from "../../src/storage/index.ts";
import { nobody } from "../support/nobody.ts";
import { exploreInterleavings, type World } from "../support/interleavings.ts";
import { findBinEntry } from "../../src/metadata/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../support/memory-registry.ts";
import { type Content, contentOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { streamOf } from "../support/stream-of.ts";
import {
  app,
  collect,
  pushBlob,
  pushImage,
  pushIndex,
  pushManifest,
  remove,
} from "../unit/upkeep/gc/collected-registry.ts";

const other = "team/other" as RepositoryName;

type Turn = () => Promise<void>;

/** The same registry to somebody who waits for a turn before each step: a transaction, a read, and what is done to storage. */
function seenBy({ metadata, storage, ...rest }: Registry, turn: Turn): Registry {
  const reads = replacing(metadata.reads, {
    executeQuery: (async (query) => {
      await turn();
      return metadata.reads.executeQuery(query);
    }) satisfies Queries["executeQuery"],
    rowsOf: (async (query, values) => {
      await turn();
      return metadata.reads.rowsOf(query, values);
    }) satisfies Queries["rowsOf"],
  });
  const gatedMetadata: MetadataDatabase = {
    reads,
    hot: metadata.hot,
    async transaction(work, options) {
      await turn();
      return metadata.transaction(work, options);
    },
    check: () => metadata.check(),
    close: () => metadata.close(),
  };
  const gatedStorage = replacing(storage, {
    async write(...[key, bytes]: Parameters<StorageDriver["write"]>) {
      await turn();
      return storage.write(key, bytes);
    },
  });
  return { ...rest, metadata: gatedMetadata, storage: gatedStorage };
}

/** The same object but for some of its methods. */
function replacing<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Pushes, as far as it is let; a push that is refused promises nothing. */
async function pushed(push: () => Promise<Content>, acknowledged: Content[]): Promise<void> {
  try {
    acknowledged.push(await push());
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
}

type CollectionStep = (run: Collection, limit: number) => Promise<unknown>;

interface Story {
  /** What is there before anybody comes. */
  readonly before: (registry: Registry) => Promise<void>;
  /** Each adds the manifests whose push it was told of as done. */
  readonly people: readonly ((registry: Registry, acknowledged: Content[]) => Promise<void>)[];
  /** What of it somebody deletes, and so may be gone. */
  readonly mayGo?: readonly Content[];
  /** Those that matter to it: each more makes ten times as many orders. */
  readonly steps: readonly CollectionStep[];
  /** Absent: there is no bin. */
  readonly binKeepMs?: number;
  /** Where what they push is afterwards; absent: where it was pushed to. */
  readonly movedTo?: RepositoryName;
  /** Whose bytes are there afterwards, whoever needs them. */
  readonly bytesOf?: readonly Content[];
  /** It removes what it is asked to some time later, and answers later still. */
  readonly doesStorageHang?: boolean;
}

/** Storage that hangs until it has a turn to remove something, and another to answer. */
class HangingStorage {
  #asked: (() => Promise<void>)[] = [];
  readonly #answered = Promise.withResolvers<void>();
  #isOver = false;
  readonly #pending: Promise<unknown>[] = [];

  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** All of it is one step. */
  async sweep(run: Collection, turn: Turn): Promise<void> {
    await turn();
    const { storage } = this.#registry;
    const remove = (...what: Parameters<StorageDriver["remove"]>) => {
      if (this.#isOver) return storage.remove(...what);
      this.#asked.push(() => storage.remove(...what));
      return this.#answered.promise;
    };
    const registry = { ...this.#registry, storage: { remove } };
    const { pending } = await sweepBlobs({ ...run, registry, patienceMs: 0 }, 10);
    if (pending) this.#pending.push(pending);
  }

  async act(turn: Turn): Promise<void> {
    await turn();
    await this.#remove();
    await turn();
    await this.finish();
  }

  async finish(): Promise<void> {
    await this.#remove();
    this.#isOver = true;
    this.#answered.resolve();
    await Promise.all(this.#pending);
  }

  async #remove(): Promise<void> {
    for (const remove of this.#asked.splice(0)) await remove();
  }
}

async function worldOf({ before, people, mayGo = [], steps, ...world }: Story): Promise<World> {
  const { binKeepMs = 0, doesStorageHang = false, movedTo: repository = app, bytesOf = [] } = world;
  const memory: MemoryRegistry = await openMemoryRegistry({ binKeepMs });
  const { registry, clock } = memory;
  clock.atMs = Date.now() + 86_400_000;
  await before(registry);
  const acknowledged: Content[] = [];
  const hanging = doesStorageHang ? new HangingStorage(registry) : undefined;
  const collector = async (turn: Turn) => {
    const seen = seenBy(registry, turn);
    const run: Collection = {
      registry: seen,
      run: "run",
      dueMs: clock.atMs,
      settleMs: SETTLE_MS,
      untagged: "keep",
    };
    for (const step of steps) await (hanging && step === sweepBlobs ? hanging.sweep(run, turn) : step(run, 10));
  };
  const time = async (turn: Turn) => {
    await turn();
    clock.atMs += SETTLE_MS;
  };
  const actors = [...people.map((act) => (turn: Turn) => act(seenBy(registry, turn), acknowledged)), collector, time];
  return {
    actors: hanging ? [...actors, (turn) => hanging.act(turn)] : actors,
    async check(order) {
      await hanging?.finish();
      const promised = acknowledged.filter(({ digest }) => !mayGo.some((gone) => gone.digest === digest));
      await requireWhole(registry, { images: promised, repository, bytesOf }, order);
      // What was missed in this run is found by the next, and nothing more.
      clock.atMs += SETTLE_MS;
      await collect(registry);
      await requireWhole(registry, { images: promised, repository, bytesOf }, order);
    },
    close: () => memory.close(),
  };
}

interface Whole {
  readonly images: readonly Content[];
  readonly repository: RepositoryName;
  readonly bytesOf: readonly Content[];
}

/** Everything of each image is there: its manifest, its blobs, and their bytes. */
async function requireWhole(
  registry: Registry,
  { images, repository, bytesOf }: Whole,
  order: readonly number[],
): Promise<void> {
  try {
    for (const { digest } of bytesOf) await requireBytes(registry, digest);
    for (const { digest } of images) {
      const { body } = await getManifest(registry, repository, { kind: "digest", digest });
      const { config, layers = [] } = JSON.parse(new TextDecoder().decode(body)) as {
        config?: { digest: Content["digest"] };
        layers?: { digest: Content["digest"] }[];
      };
      for (const named of [...(config ? [config] : []), ...layers])
        await requireBytes(registry, (await getBlob(registry, repository, named.digest)).digest);
    }
  } catch (error) {
    throw new Error(`broken after the order ${order.join(" ")}: ${String(error)}`, { cause: error });
  }
}

async function requireBytes({ storage }: Registry, digest: Content["digest"]): Promise<void> {
  if (!(await storage.stat(blobKeyOf(digest)))) throw new Error(`no bytes of ${digest}`);
}

const config = contentOf("{}");
const layer = contentOf("layer of it");
const image = imageManifest({ config, layers: [layer] });
const again = imageManifest({ config, layers: [layer], more: { annotations: { again: "yes" } } });

/** @returns how many orders there are */
function explore(story: Story): Promise<number> {
  return exploreInterleavings(() => worldOf(story));
}

const pushAgain = (registry: Registry, acknowledged: Content[]) =>
  pushed(async () => {
    await pushBlob(registry, "layer of it");
    return pushManifest(registry, again, { reference: "new" });
  }, acknowledged);

/** A layer that nothing names and that its repository has no more, beside what stays. */
async function reviewLayer(registry: Registry): Promise<void> {
  await pushBlob(registry, "{}");
  await pushManifest(registry, imageManifest({ config, layers: [] }), { reference: "without" });
  await pushBlob(registry, "layer of it");
  const dueMs = registry.clock.nowMs();
  await reviewLinks({ registry, run: "run", dueMs, settleMs: SETTLE_MS, untagged: "keep" }, 10);
}

async function pushFirst(registry: Registry): Promise<void> {
  await pushBlob(registry, "{}");
  await pushBlob(registry, "layer of it");
  await pushManifest(registry, image, { reference: "old" });
}

describe("in every order of the steps of clean-up and of others, no acknowledged image breaks", () => {
  test("when what an image just deleted had is pushed again", async () => {
    const orders = await explore({
      before: pushFirst,
      people: [(registry) => remove(registry, image.digest), pushAgain],
      mayGo: [image],
      steps: [reviewLinks, sweepBlobs],
    });
    expect(orders).toBeGreaterThan(500);
  }, 60_000);

  test("when what no repository has any more is pushed again", async () => {
    const orders = await explore({
      async before(registry) {
        await pushFirst(registry);
        await remove(registry, image.digest);
      },
      people: [pushAgain],
      mayGo: [image],
      steps: [reviewLinks, reviewBlobs, sweepBlobs, sweepBlobs],
    });
    expect(orders).toBeGreaterThan(100);
  }, 60_000);

  test("when the only other repository that has it deletes it", async () => {
    const orders = await explore({
      async before(registry) {
        await pushBlob(registry, "{}");
        await pushBlob(registry, "layer of it", other);
      },
      people: [pushAgain, (registry) => deleteBlob(registry, { repository: other, digest: layer.digest, by: nobody })],
      steps: [reviewBlobs, sweepBlobs],
    });
    expect(orders).toBeGreaterThan(100);
  }, 60_000);

  test("when storage hangs over what is pushed again", async () => {
    const outcomes = new Set<string>();
    const orders = await explore({
      before: reviewLayer,
      people: [
        async (registry, acknowledged) => {
          await pushAgain(registry, acknowledged);
          outcomes.add(acknowledged.length > 0 ? "pushed" : "refused");
        },
      ],
      steps: [sweepBlobs],
      doesStorageHang: true,
    });
    expect(orders).toBeGreaterThan(500);
    expect([...outcomes].toSorted()).toEqual(["pushed", "refused"]);
  }, 120_000);

  test("when a blob that nothing names is mounted and named", async () => {
    const orders = await explore({
      async before(registry) {
        await pushBlob(registry, "{}");
        await pushBlob(registry, "layer of it", other);
      },
      people: [
        (registry, acknowledged) =>
          pushed(async () => {
            await mountBlob(registry, { repository: app, from: other, digest: layer.digest, mayPull: () => true });
            return pushManifest(registry, image, { reference: "1" });
          }, acknowledged),
      ],
      steps: [reviewLinks, reviewBlobs, sweepBlobs],
    });
    expect(orders).toBeGreaterThan(50);
  }, 60_000);

  test("when an index takes the children of one that is deleted", async () => {
    let child: Content | undefined;
    const orders = await explore({
      async before(registry) {
        child = await pushImage(registry, "child");
        await pushIndex(registry, [child], "old");
      },
      people: [
        (registry) => remove(registry, "old").then(() => remove(registry, imageIndexOf(child).digest)),
        (registry, acknowledged) =>
          pushed(async () => {
            await pushManifest(registry, newIndexOf(child), { reference: "new", contentType: OCI_IMAGE_INDEX });
            return child as Content;
          }, acknowledged),
      ],
      steps: [reviewManifests, reviewLinks, sweepBlobs],
    });
    expect(orders).toBeGreaterThan(50);
  }, 60_000);

  test("when what was deleted is restored while its time in the bin ends", async () => {
    const outcomes = new Set<string>();
    const orders = await explore({
      async before(registry) {
        await pushFirst(registry);
        await remove(registry, image.digest);
        // The bin alone keeps it then, and gives it back.
        await deleteBlob(registry, { repository: app, digest: layer.digest, by: nobody });
      },
      people: [
        async (registry, acknowledged) => {
          const isBack = await restored(registry);
          outcomes.add(isBack ? "restored" : "gone");
          if (isBack) acknowledged.push(image);
        },
      ],
      steps: [expireBin, reviewLinks, reviewBlobs, sweepBlobs, sweepBlobs],
      // It is over as soon as time goes on.
      binKeepMs: 1,
    });
    expect(orders).toBeGreaterThan(30);
    expect([...outcomes].toSorted()).toEqual(["gone", "restored"]);
  }, 60_000);

  test("when what its repository had is pushed again while that gets another name", async () => {
    const outcomes = new Set<string>();
    const orders = await explore({
      before: reviewLayer,
      people: [
        (registry) =>
          registry.metadata.transaction((queries) => {
            const change = { queries, nowMs: registry.clock.nowMs(), by: nobody, record: () => Promise.resolve() };
            return moveRepository(change, { from: app, to: moved, redirectMs: 86_400_000 });
          }),
        async (registry, acknowledged) => {
          await pushFollowing(registry, acknowledged);
          outcomes.add(acknowledged.length > 0 ? "pushed" : "refused");
        },
      ],
      steps: [sweepBlobs],
      movedTo: moved,
    });
    expect(orders).toBeGreaterThan(100);
    expect(outcomes).toContain("pushed");
  }, 240_000);

  test("when a layer is pushed whose bytes have described a manifest", async () => {
    const orders = await explore({
      async before(registry) {
        await pushBlob(registry, "{}");
        await registry.storage.write(blobKeyOf(layer.digest), layer.bytes);
      },
      people: [(registry) => release(registry), pushAgain],
      steps: [sweepBlobs],
    });
    expect(orders).toBeGreaterThan(100);
  }, 60_000);

  test("when a manifest is described whose bytes were to go", async () => {
    const described = { repository: app, repositoryId: 1, digest: layer.digest };
    const orders = await explore({
      before: release,
      people: [
        async (registry) => {
          await registry.metadata.transaction((queries) =>
            recordDescribed(queries, [described], registry.clock.nowMs()),
          );
          await registry.storage.write(blobKeyOf(layer.digest), layer.bytes);
        },
      ],
      steps: [sweepBlobs, sweepBlobs],
      bytesOf: [layer],
    });
    expect(orders).toBeGreaterThan(10);
  });
});

const moved = "team/moved" as RepositoryName;

/** As a client is led that pushes by the name that it knows. */
function pushFollowing(registry: Registry, acknowledged: Content[]): Promise<void> {
  return pushed(async () => {
    const { digest, bytes } = layer;
    const mayFollow = () => Promise.resolve(true);
    await putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]), mayFollow });
    return pushManifest(registry, again, { reference: "new" }).catch((error: unknown) => {
      if (error instanceof RepositoryMoved)
        return pushManifest(registry, again, { reference: "new", repository: moved });
      throw error;
    });
  }, acknowledged);
}

/** Its bytes describe nothing any more. */
function release({ metadata, clock }: Registry): Promise<void> {
  const { digest, bytes } = layer;
  return metadata.transaction((queries) =>
    releaseBytes(queries, { digest, sizeBytes: bytes.byteLength, nowMs: clock.nowMs() }),
  );
}

/** @returns whether there was something to restore */
function restored({ metadata, clock, options }: Registry): Promise<boolean> {
  const { validation } = options;
  return metadata.transaction(async (queries) => {
    const entry = await findBinEntry(queries, 1);
    if (!entry) return false;
    const change = { queries, nowMs: clock.nowMs(), by: nobody, record: () => Promise.resolve() };
    await restoreFromBin(change, { entry, force: false, validation, requireMayMove: () => undefined });
    return true;
  });
}

const imageIndexOf = (child: Content | undefined) => imageIndex(child ? [child] : []);
const newIndexOf = (child: Content | undefined) => imageIndex(child ? [child] : [], { annotations: { new: "yes" } });
