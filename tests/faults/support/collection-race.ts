import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { systemClock } from "../../../src/runtime/index.ts";
import { openStorage, type StorageDriver } from "../../../src/storage/index.ts";
import { collectGarbage, type GarbageTally } from "../../../src/upkeep/index.ts";
import { type Answer, HttpClient } from "../../support/http-client.ts";
import { type Content, contentOf, imageManifest } from "../../support/oci-content.ts";
import { pushBlob, putManifest, requireStatus } from "../../support/push-content.ts";
import type { RunningRegistry } from "../../support/registry-process.ts";

export interface RaceOptions {
  readonly durationMs: number;
  readonly clients: number;
}

export interface RaceFigures {
  /** What clients did, by name. */
  readonly operations: Readonly<Record<string, number>>;
  /** What clean-up did, all runs together. */
  readonly collected: Readonly<GarbageTally>;
  readonly runs: number;
  /** Acknowledged images of which something was missing or wrong when they were pulled. */
  readonly broken: readonly string[];
  /** Acknowledged and not deleted, at the end. */
  readonly images: number;
  /** The blobs that those need. */
  readonly needed: ReadonlySet<string>;
}

/** Few, so that what one has just deleted another pushes again. */
const REPOSITORIES = ["race/one", "race/two", "race/three", "race/four"];
const LAYERS = 2000;
/** Longer than any push takes between its two steps, and short, so that much is removed in the time there is. */
const SETTLE_MS = 5000;

interface Image {
  readonly repository: string;
  readonly manifest: Content;
  readonly blobs: readonly Content[];
}

/**
 * Lets clean-up without any window run flat out, in this process, against clients of a registry in another that push, mount, delete,
 * push what was just deleted, and pull.
 */
export async function raceCollection(berth: RunningRegistry, options: RaceOptions): Promise<RaceFigures> {
  const race = new Race(berth, options);
  return race.run();
}

class Race {
  readonly #http: HttpClient;
  readonly #berth: RunningRegistry;
  readonly #options: RaceOptions;
  readonly #operations: Record<string, number> = {};
  readonly #broken: string[] = [];
  readonly #stop = new AbortController();

  constructor(berth: RunningRegistry, options: RaceOptions) {
    this.#berth = berth;
    this.#http = new HttpClient(berth.url);
    this.#options = options;
  }

  async run(): Promise<RaceFigures> {
    const { clients, durationMs } = this.#options;
    const collector = await this.#openCollector();
    const collecting = collector.repeat(this.#stop.signal);
    const untilMs = performance.now() + durationMs;
    const kept = (await Promise.all(Array.from({ length: clients }, () => this.#actUntil(untilMs)))).flat();
    this.#stop.abort();
    await collecting;
    // Once more, in peace: what is needed stays, and what is not goes.
    await collector.once(new AbortController().signal);
    for (const image of kept) await this.#pull(image);
    await collector.close();
    return {
      operations: this.#operations,
      collected: collector.tally,
      runs: collector.runs,
      broken: this.#broken,
      images: kept.length,
      needed: new Set(kept.flatMap(({ blobs }) => blobs.map(({ digest }) => digest))),
    };
  }

  async #openCollector(): Promise<Collector> {
    const { dataDirectory } = this.#berth;
    const storage = await openStorage({ kind: "filesystem", rootDirectory: dataDirectory }, { clock: systemClock });
    const metadata = await openSqlite(join(dataDirectory, "berth/berth.db"));
    return new Collector({ storage, metadata });
  }

  /** @returns the client's images that are there at the end */
  async #actUntil(untilMs: number): Promise<readonly Image[]> {
    const images: Image[] = [];
    while (performance.now() < untilMs) {
      const chosen = images[Math.floor(Math.random() * images.length)];
      const chance = Math.random();
      if (!chosen || (chance < 0.45 && images.length < 3)) {
        const image = await this.#push();
        if (image) images.push(image);
      } else if (chance < 0.75) {
        await this.#delete(chosen);
        images.splice(images.indexOf(chosen), 1);
      } else {
        await this.#pull(chosen);
      }
    }
    return images;
  }

  /** As clients do: asks for each blob, mounts or sends what is not there, then the manifest. @returns if it was taken */
  async #push(): Promise<Image | undefined> {
    const repository = pick(REPOSITORIES);
    const blobs = [contentOf("{}"), ...Array.from({ length: 3 }, () => layer(Math.floor(Math.random() * LAYERS)))];
    for (const blob of blobs) {
      const found = await this.#http.head(`/v2/${repository}/blobs/${blob.digest}`);
      if (found.status === 200) this.#count("found");
      else await this.#bring(repository, blob);
    }
    const [config = contentOf("{}"), ...layers] = blobs;
    const manifest = imageManifest({ config, layers, more: { annotations: { id: randomUUID() } } });
    const push = { repository, reference: Math.random() < 0.5 ? manifest.digest : randomUUID(), content: manifest };
    const answer = await putManifest(this.#http, push);
    if (answer.status === 201) {
      this.#count("pushed");
      return { repository, manifest, blobs };
    }
    // What it had found went in between: a push that is refused promises nothing, and clients try again.
    requireRefusal(answer);
    this.#count("refused");
    return undefined;
  }

  async #bring(repository: string, blob: Content): Promise<void> {
    if (Math.random() < 0.5) {
      const from = pick(REPOSITORIES);
      const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}&from=${encodeURIComponent(from)}`;
      const answer = await this.#http.post(path);
      if (answer.status === 201) return this.#count("mounted");
      requireStatus(answer, 202);
    }
    await pushBlob(this.#http, repository, blob);
    this.#count("sent");
  }

  async #delete({ repository, manifest }: Image): Promise<void> {
    requireStatus(await this.#http.delete(`/v2/${repository}/manifests/${manifest.digest}`), 202);
    this.#count("deleted");
  }

  async #pull({ repository, manifest, blobs }: Image): Promise<void> {
    const found = await this.#http.get(`/v2/${repository}/manifests/${manifest.digest}`);
    if (found.status !== 200) this.#broken.push(`${repository}@${manifest.digest}: ${found.status} ${found.text}`);
    for (const { digest, bytes } of blobs) {
      const answer = await this.#http.get(`/v2/${repository}/blobs/${digest}`);
      if (answer.status === 200 && answer.text === new TextDecoder().decode(bytes)) continue;
      this.#broken.push(
        `${repository}@${manifest.digest}: blob ${digest}: ${answer.status} ${answer.text.slice(0, 200)}`,
      );
    }
    this.#count("pulled");
  }

  #count(name: string): void {
    this.#operations[name] = (this.#operations[name] ?? 0) + 1;
  }
}

function requireRefusal(answer: Answer): void {
  if (answer.status !== 400 || !answer.text.includes("MANIFEST_BLOB_UNKNOWN"))
    throw new Error(`a push was answered ${answer.status}: ${answer.text}`);
}

function layer(number: number): Content {
  return contentOf(`layer ${number} `.repeat(2000 + (number % 40) * 500));
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}

interface CollectorParts {
  readonly storage: StorageDriver;
  readonly metadata: MetadataDatabase;
}

class Collector {
  tally: GarbageTally = { candidates: 0, manifests: 0, links: 0, blobs: 0, freedBytes: 0, failed: 0 };
  runs = 0;
  readonly #parts: CollectorParts;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  async repeat(signal: AbortSignal): Promise<void> {
    // Two at once, as two processes may: while one waits for bytes to settle the other judges.
    const loop = async () => {
      while (!signal.aborted) await this.once(signal);
    };
    await Promise.all([loop(), loop()]);
  }

  async once(signal: AbortSignal): Promise<void> {
    const tally = await collectGarbage({
      registry: { ...this.#parts, clock: systemClock },
      run: randomUUID(),
      windowMs: 0,
      settleMs: SETTLE_MS,
      restFactor: 0,
      untagged: "keep",
      signal,
    });
    this.runs += 1;
    const sum: Record<keyof GarbageTally, number> = { ...this.tally };
    for (const [name, value] of Object.entries(tally)) sum[name as keyof GarbageTally] += value;
    this.tally = sum;
  }

  async close(): Promise<void> {
    await this.#parts.metadata.close();
    await this.#parts.storage.close();
  }
}
