import { OCI_IMAGE_MANIFEST } from "../../../src/oci/index.ts";
import type { Answer } from "../../support/http-client.ts";
import { type Content, contentOf, imageManifest } from "../../support/oci-content.ts";
import { octetStream } from "../../support/push-content.ts";
import type { Ledger } from "./ledger.ts";
import { randomContent, sharedContent } from "./random-content.ts";
import { readValue } from "./read-values.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { CutOffError, RefusedError, type Request, type Traffic } from "./traffic.ts";
import { UploadSession } from "./upload-session.ts";

export interface ClientOptions {
  readonly repository: string;
  /** Other repositories, to mount from. */
  readonly neighbours: readonly string[];
  readonly ledger: Ledger;
  readonly random: SeededRandom;
}

export interface WorkOptions {
  /** Uploads are purged while they are used. */
  readonly sessionsMayEnd?: boolean;
  /** Between one thing and the next; default: none. */
  readonly pauseMs?: number;
}

interface KnownManifest {
  readonly content: Content;
  readonly parts: readonly Content[];
}

const tags = ["v1", "v2", "v3", "latest"];

/** Pushes, tags, mounts, deletes and pulls at random in one repository, one request at a time, and keeps the books. */
export class RepositoryClient {
  readonly sessions: UploadSession[] = [];
  readonly #options: ClientOptions;
  readonly #blobs = new Map<string, Content>();
  readonly #manifests: KnownManifest[] = [];
  #sessionsMayEnd = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Goes on until the traffic is over, through refusals. */
  async work(traffic: Traffic, { sessionsMayEnd = false, pauseMs = 0 }: WorkOptions = {}): Promise<void> {
    this.#sessionsMayEnd = sessionsMayEnd;
    while (!traffic.isOver) {
      try {
        await this.#step(traffic);
        if (pauseMs > 0) await Bun.sleep(pauseMs);
      } catch (error) {
        if (error instanceof CutOffError) return;
        if (!(error instanceof RefusedError)) throw error;
        await Bun.sleep(5);
      }
    }
  }

  async #step(traffic: Traffic): Promise<void> {
    const { random } = this.#options;
    const chance = random.next();
    if (chance < 0.2) return this.#pushWhole(traffic, this.#newContent());
    if (chance < 0.35) return this.#pushInParts(traffic, new UploadSession(this.#repositoryPath(), this.#newContent()));
    if (chance < 0.45) return this.#resume(traffic);
    if (chance < 0.65) return this.#pushImage(traffic);
    if (chance < 0.72) return this.#moveTag(traffic);
    if (chance < 0.8) return this.#mount(traffic);
    if (chance < 0.9) return this.#delete(traffic);
    return this.#pull(traffic);
  }

  #newContent(): Content {
    const { random } = this.#options;
    return random.isLessThan(0.2) ? sharedContent(random) : randomContent(random);
  }

  async #pushWhole(traffic: Traffic, content: Content): Promise<void> {
    const path = `${this.#repositoryPath()}/blobs/uploads/?digest=${content.digest}`;
    const request = { kind: "commit", method: "POST", path, expected: [201] } as const;
    await this.#pushAs(traffic, { ...request, body: content.bytes, headers: octetStream }, content);
  }

  /** Leaves some in the middle. */
  async #pushInParts(traffic: Traffic, session: UploadSession): Promise<void> {
    const { random, ledger } = this.#options;
    ledger.plan(this.#blobPath(session.content.digest));
    await session.start(traffic);
    session.mayBeGone = this.#sessionsMayEnd;
    this.sessions.push(session);
    await this.#goOn(traffic, session, random.isLessThan(0.4) ? 1 + random.below(3) : undefined);
  }

  /** @param parts after how many to leave it; without a number it is finished. */
  async #goOn(traffic: Traffic, session: UploadSession, parts?: number): Promise<void> {
    const { random } = this.#options;
    const sizeBytes = Math.ceil(session.content.bytes.byteLength / (1 + random.below(4)));
    for (let sent = 0; !session.isComplete || session.isGone; sent++) {
      if (session.isGone || sent === parts || traffic.isOver) return this.#dropGone();
      await session.sendPart(traffic, sizeBytes);
    }
    const path = session.finishPath();
    const expected = session.mayBeGone ? [201, 404] : [201];
    session.mayBeGone = true;
    const answer = await this.#pushAs(traffic, { kind: "commit", method: "PUT", path, expected }, session.content);
    session.isGone = answer.status === 404 || answer.status === 201;
    this.#dropGone();
  }

  async #resume(traffic: Traffic): Promise<void> {
    const { random } = this.#options;
    if (this.sessions.length === 0) return;
    const session = random.pick(this.sessions);
    await session.findOffset(traffic);
    await this.#goOn(traffic, session);
  }

  #dropGone(): void {
    const left = this.sessions.filter((session) => !session.isGone);
    this.sessions.splice(0, this.sessions.length, ...left);
  }

  /** Sends what makes a blob. */
  async #pushAs(traffic: Traffic, request: Request, content: Content): Promise<Answer> {
    const sent = this.#options.ledger.send([{ path: this.#blobPath(content.digest), value: content.digest }]);
    const answer = await traffic.ask(request);
    if (answer.status !== 201) {
      // Of an upload that may have been finished by an earlier request nothing is known.
      return answer;
    }
    sent.acknowledge();
    if (content.bytes.byteLength <= 64 * 1024) this.#blobs.set(content.digest, content);
    return answer;
  }

  async #pushImage(traffic: Traffic): Promise<void> {
    const { random, ledger } = this.#options;
    const config = this.#presentBlobs().at(0) ?? contentOf("{}");
    if (!ledger.isSurely(this.#blobPath(config.digest), config.digest)) await this.#pushWhole(traffic, config);
    const layers = Array.from({ length: random.below(3) }, () => random.pick([config, ...this.#presentBlobs()]));
    const content = imageManifest({ config, layers, more: { annotations: { number: String(random.below(2 ** 32)) } } });
    const manifest = { content, parts: [config, ...layers] };
    ledger.plan(this.#manifestPath(content.digest));
    await this.#putManifest(traffic, manifest, random.isLessThan(0.3) ? undefined : random.pick(tags));
    this.#manifests.push(manifest);
  }

  async #moveTag(traffic: Traffic): Promise<void> {
    const manifest = this.#findPresentManifest();
    if (manifest === undefined) return;
    if (!manifest.parts.every(({ digest }) => this.#isPresent(this.#blobPath(digest), digest))) return;
    await this.#putManifest(traffic, manifest, this.#options.random.pick(tags));
  }

  async #putManifest(traffic: Traffic, { content }: KnownManifest, tag?: string): Promise<void> {
    const { digest, bytes } = content;
    const path = this.#manifestPath(tag ?? digest);
    const paths = tag === undefined ? [path] : [this.#manifestPath(digest), path];
    const sent = this.#options.ledger.send(paths.map((each) => ({ path: each, value: digest })));
    const headers = { "content-type": OCI_IMAGE_MANIFEST };
    const kind = tag === undefined ? "manifest" : "tag";
    await traffic.ask({ kind, method: "PUT", path, body: bytes, headers, expected: [201] });
    sent.acknowledge();
  }

  async #mount(traffic: Traffic): Promise<void> {
    const { random, ledger, neighbours } = this.#options;
    const content = sharedContent(random);
    const { digest } = content;
    const path = `${this.#repositoryPath()}/blobs/uploads/?mount=${digest}&from=${random.pick(neighbours)}`;
    const sent = ledger.send([{ path: this.#blobPath(digest), value: digest }]);
    const answer = await traffic.ask({ kind: "mount", method: "POST", path, expected: [201, 202] });
    if (answer.status === 202) return sent.refuse();
    sent.acknowledge();
    this.#blobs.set(digest, content);
  }

  async #delete(traffic: Traffic): Promise<void> {
    const chance = this.#options.random.next();
    if (chance < 0.4) return this.#deleteTag(traffic);
    if (chance < 0.7) return this.#deleteManifest(traffic);
    const blob = this.#presentBlobs().at(-1);
    if (blob === undefined) return;
    const path = this.#blobPath(blob.digest);
    await this.#deleteAs(traffic, path, [path]);
    this.#blobs.delete(blob.digest);
  }

  async #deleteTag(traffic: Traffic): Promise<void> {
    const path = this.#manifestPath(this.#options.random.pick(tags));
    const isThere = this.#manifests.some(({ content }) => this.#isPresent(path, content.digest));
    if (isThere) await this.#deleteAs(traffic, path, [path]);
  }

  /** With it go the tags that point to it; of which ones is not known after a refusal. */
  async #deleteManifest(traffic: Traffic): Promise<void> {
    const { ledger } = this.#options;
    const manifest = this.#findPresentManifest();
    if (manifest === undefined) return;
    const { digest } = manifest.content;
    const tagPaths = tags.map((tag) => this.#manifestPath(tag)).filter((path) => ledger.mayBe(path, digest));
    if (!tagPaths.every((path) => ledger.isSurely(path, digest))) return;
    const path = this.#manifestPath(digest);
    await this.#deleteAs(traffic, path, [path, ...tagPaths]);
    this.#manifests.splice(this.#manifests.indexOf(manifest), 1);
  }

  async #deleteAs(traffic: Traffic, path: string, gone: readonly string[]): Promise<void> {
    const sent = this.#options.ledger.send(gone.map((each) => ({ path: each, value: undefined })));
    await traffic.ask({ kind: "delete", method: "DELETE", path, expected: [202] });
    sent.acknowledge();
  }

  async #pull(traffic: Traffic): Promise<void> {
    const { random } = this.#options;
    const blobs = this.#presentBlobs();
    const manifest = this.#findPresentManifest();
    if (manifest === undefined || blobs.length === 0) return;
    const isBlob = random.isLessThan(0.5);
    const digest = isBlob ? random.pick(blobs).digest : manifest.content.digest;
    const path = isBlob ? this.#blobPath(digest) : this.#manifestPath(digest);
    const value = readValue(path, await traffic.ask({ kind: "pull", method: "GET", path, expected: [200] }));
    if (value !== digest) throw new Error(`${path} gives ${String(value)}`);
  }

  #presentBlobs(): readonly Content[] {
    return [...this.#blobs.values()].filter(({ digest }) => this.#isPresent(this.#blobPath(digest), digest));
  }

  #findPresentManifest(): KnownManifest | undefined {
    const present = this.#manifests.filter(({ content: { digest } }) =>
      this.#isPresent(this.#manifestPath(digest), digest),
    );
    return present.length === 0 ? undefined : this.#options.random.pick(present);
  }

  #isPresent(path: string, digest: string): boolean {
    return this.#options.ledger.isSurely(path, digest);
  }

  #repositoryPath(): string {
    return `/v2/${this.#options.repository}`;
  }

  #blobPath(digest: string): string {
    return `${this.#repositoryPath()}/blobs/${digest}`;
  }

  #manifestPath(reference: string): string {
    return `${this.#repositoryPath()}/manifests/${reference}`;
  }
}

/** Clients of `count` repositories that mount from each other. */
export function makeClients(count: number, ledger: Ledger, random: SeededRandom): readonly RepositoryClient[] {
  const repositories = Array.from({ length: count }, (_, number) => `team/app-${number}`);
  return repositories.map((repository) => {
    const neighbours = repositories.filter((other) => other !== repository);
    return new RepositoryClient({ repository, neighbours, ledger, random: random.fork() });
  });
}
