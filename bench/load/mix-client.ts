import { HttpConnection } from "./http-connection.ts";
import { digestOfPart, type LayeredImage } from "./layered-image.ts";
import { askFor, digestOf, pushBlob, putManifest } from "./push-blob.ts";
import { ACCEPT_MANIFESTS } from "./small-image.ts";

/** What is timed in the mix: single requests, and whole pulls and pushes from when they were due. */
export const MIX_KINDS = [
  "whole pull",
  "whole push",
  "manifest HEAD",
  "manifest GET",
  "config GET",
  "layer GET",
  "blob HEAD",
  "blob upload",
  "manifest PUT",
] as const;

export type MixKind = (typeof MIX_KINDS)[number];

/** Keeps how long something of a kind took. */
export type RecordLatency = (kind: MixKind, milliseconds: number) => void;

/** Connections of one client, as many as container engines use for layers at once. */
const LANES = 3;

/** One client of the mix with its own connections, doing one operation at a time. */
export class MixClient {
  readonly #lanes: readonly HttpConnection[];
  readonly #record: RecordLatency;

  private constructor(lanes: readonly HttpConnection[], record: RecordLatency) {
    this.#lanes = lanes;
    this.#record = record;
  }

  static async open(port: number, record: RecordLatency): Promise<MixClient> {
    return new MixClient(await Promise.all(Array.from({ length: LANES }, () => HttpConnection.open(port))), record);
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  /** Resolves the tag, gets manifest and config, then the layers over all connections. */
  async pull(image: LayeredImage): Promise<void> {
    const digest = digestOf(image.manifest.bytes);
    await this.poll(image);
    await this.#get("manifest GET", `/v2/${image.repository}/manifests/${digest}`);
    await this.#get("config GET", blobPath(image, image.config));
    const waiting = [...image.layers];
    await this.#onAllLanes(async (lane) => {
      for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift()) {
        await this.#get("layer GET", blobPath(image, layer), lane);
      }
    });
  }

  /** Asks for each part whether it is there, uploads what is not, and puts the manifest under its tag. */
  async push(image: LayeredImage): Promise<void> {
    const waiting = [...image.layers, image.config];
    await this.#onAllLanes(async (lane) => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        await this.#pushPart(image, part, lane);
      }
    });
    const path = `/v2/${image.repository}/manifests/${image.tag}`;
    await this.#timed("manifest PUT", () => putManifest(this.#firstLane, path, image.manifest));
  }

  /** Asks whether a tag has moved. */
  async poll({ repository, tag }: LayeredImage): Promise<void> {
    const path = `/v2/${repository}/manifests/${tag}`;
    await this.#timed("manifest HEAD", () =>
      askFor(200, this.#firstLane, { method: "HEAD", path, accept: ACCEPT_MANIFESTS }),
    );
  }

  async #pushPart(image: LayeredImage, part: Uint8Array, lane: HttpConnection): Promise<void> {
    const path = blobPath(image, part);
    const { status } = await this.#timed("blob HEAD", () => lane.ask({ method: "HEAD", path }));
    if (status === 200) return;
    if (status !== 404) throw new Error(`HEAD ${path}: ${status}`);
    await this.#timed("blob upload", () => pushBlob(lane, image.repository, part));
  }

  async #get(kind: MixKind, path: string, lane = this.#firstLane): Promise<void> {
    await this.#timed(kind, () =>
      askFor(200, lane, {
        method: "GET",
        path,
        accept: kind === "manifest GET" ? ACCEPT_MANIFESTS : "*/*",
        dropBody: true,
      }),
    );
  }

  async #timed<T>(kind: MixKind, ask: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    const answer = await ask();
    this.#record(kind, performance.now() - askedAt);
    return answer;
  }

  async #onAllLanes(work: (lane: HttpConnection) => Promise<void>): Promise<void> {
    await Promise.all(this.#lanes.map(work));
  }

  get #firstLane(): HttpConnection {
    const [lane] = this.#lanes;
    if (lane === undefined) throw new Error("a client without connections");
    return lane;
  }
}

function blobPath({ repository }: LayeredImage, part: Uint8Array): string {
  return `/v2/${repository}/blobs/${digestOfPart(part)}`;
}
