import { countRepositories, findBlobsElsewhere, listSizedBlobs, type Queries } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";

type CountedRepository = Awaited<ReturnType<typeof countRepositories>>[number];
type SizedBlob = Awaited<ReturnType<typeof listSizedBlobs>>[number];

/** How the walk through a node lets others have their turn. */
export interface MeasuringTurns {
  readonly clock: Clock;
  /** Called now and then, before others have their turn; what it throws ends the walk. */
  readonly onTurn?: () => Promise<void>;
}

/** How much a node holds. */
export interface StorageUse {
  /** That are not empty, as lists show them. */
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
  /** What all repositories would take if each kept its own. */
  readonly storedBytes: number;
  /** Each content once. */
  readonly dedupedBytes: number;
  /** Of those, what no repository elsewhere has: what would be freed if the node went. */
  readonly uniqueBytes: number;
}

const REPOSITORIES_AT_ONCE = 20;
const BLOBS_AT_ONCE = 200;
/** After so much work others have their turn, for as long. */
const MOST_WORK_MS = 10;

/**
 * Looks through all that a node has, as it is now, in small steps: for a person or a bill, not for each request. What changes meanwhile is
 * seen or not. It takes a bit of memory for each blob that there is.
 * @throws MetadataError
 */
export async function measureNode(queries: Queries, node: string, turns: MeasuringTurns): Promise<StorageUse> {
  const measuring = new NodeMeasuring(queries, node, new Turns(turns));
  for (let after = ""; ;) {
    const found = await countRepositories(queries, node, { after, limit: REPOSITORIES_AT_ONCE });
    for (const repository of found) await measuring.add(repository);
    const last = found.at(-1);
    if (!last || found.length < REPOSITORIES_AT_ONCE) return measuring.use;
    after = last.name;
  }
}

class NodeMeasuring {
  readonly use = { repositories: 0, tags: 0, manifests: 0, storedBytes: 0, dedupedBytes: 0, uniqueBytes: 0 };
  readonly #queries: Queries;
  readonly #node: string;
  readonly #turns: Turns;
  readonly #seen = new NumberSet();

  constructor(queries: Queries, node: string, turns: Turns) {
    this.#queries = queries;
    this.#node = node;
    this.#turns = turns;
  }

  async add({ id, tags, manifests }: CountedRepository): Promise<void> {
    if (manifests > 0) this.use.repositories += 1;
    this.use.tags += tags;
    this.use.manifests += manifests;
    await this.#turns.rest();
    for (let afterId = 0; ;) {
      const blobs = await listSizedBlobs(this.#queries, id, { afterId, limit: BLOBS_AT_ONCE });
      await this.#addBlobs(blobs);
      const last = blobs.at(-1);
      if (!last || blobs.length < BLOBS_AT_ONCE) return;
      afterId = last.blobId;
    }
  }

  async #addBlobs(blobs: readonly SizedBlob[]): Promise<void> {
    const fresh = blobs.filter(({ blobId }) => this.#seen.add(blobId));
    const ids = fresh.map(({ blobId }) => blobId);
    const elsewhere = new Set(ids.length === 0 ? [] : await findBlobsElsewhere(this.#queries, this.#node, ids));
    this.use.storedBytes += sumOf(blobs);
    this.use.dedupedBytes += sumOf(fresh);
    this.use.uniqueBytes += sumOf(fresh.filter(({ blobId }) => !elsewhere.has(blobId)));
    await this.#turns.rest();
  }
}

function sumOf(blobs: readonly SizedBlob[]): number {
  return blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Lets others have as much time as was worked. */
class Turns {
  readonly #turns: MeasuringTurns;
  #sinceMs: number;

  constructor(turns: MeasuringTurns) {
    this.#turns = turns;
    this.#sinceMs = turns.clock.nowMs();
  }

  async rest(): Promise<void> {
    const { clock, onTurn } = this.#turns;
    const workedMs = clock.nowMs() - this.#sinceMs;
    if (workedMs < MOST_WORK_MS) return;
    await onTurn?.();
    await Bun.sleep(Math.min(workedMs, 1000));
    this.#sinceMs = clock.nowMs();
  }
}

/** Numbers from 0 on, a bit for each up to the greatest. */
class NumberSet {
  #bits = new Uint8Array(1024);

  /** @returns whether it was not there */
  add(number: number): boolean {
    const index = Math.floor(number / 8);
    if (index >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(index + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const before = this.#bits[index] ?? 0;
    this.#bits[index] = before | (1 << (number % 8));
    return before !== this.#bits[index];
  }
}
