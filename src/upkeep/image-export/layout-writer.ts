import type { KeyObject } from "node:crypto";
import { algorithmOf, type Digest, MAX_MANIFEST_BYTES } from "../../oci/index.ts";
import { getBlob, getManifest, readBlob, type Registry } from "../../registry/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import type { FileSink } from "../archive/file-sink.ts";
import { SIGNATURE_FILE, signBytes } from "../archive/signature.ts";
import { SUMS_FILE } from "../archive/sums-file.ts";
import type { ExportContent, Located } from "./collect-content.ts";
import { pathOf } from "./describe-for-docker.ts";
import { verified } from "./verified.ts";

/** `bundle`: an OCI layout that names repositories, with a list of checksums. */
export type ExportForm = "oci" | "docker-archive" | "bundle";

export interface LayoutTask {
  readonly registry: Registry;
  readonly form: ExportForm;
  /** What a bundle is signed with, if it is. */
  readonly signingKey?: KeyObject | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * The text of `index.json`.
 * @throws ArchiveError if it would be more than clients read
 */
export function layoutIndex(manifests: readonly object[]): string {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests });
  if (text.length > MAX_MANIFEST_BYTES)
    throw new ArchiveError(
      `it would have ${manifests.length} images, more than one index.json may name: export them in parts`,
    );
  return text;
}

/** Writes the files of an OCI image layout, each byte verified on the way. */
export class LayoutWriter {
  /** Of manifests and blobs. */
  readonly totalBytes: number;
  /** Of what was there already, and right. */
  keptBytes = 0;
  readonly #task: LayoutTask;
  readonly #sink: FileSink;
  readonly #content: ExportContent;
  readonly #sums: string[] = [];
  #doneBytes = 0;

  constructor(task: LayoutTask, sink: FileSink, content: ExportContent) {
    this.#task = task;
    this.#sink = sink;
    this.#content = content;
    this.totalBytes = bytesOf(content);
  }

  async writeContent(): Promise<void> {
    const { manifests, blobs } = this.#content;
    for (const [digest, blob] of blobs) await this.#write(digest, blob, () => this.#readBlob(digest, blob));
    for (const [digest, manifest] of manifests)
      await this.#write(digest, manifest, () => this.#readManifest(digest, manifest));
  }

  async writeText(path: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    await this.#sink.put(path, bytes.byteLength, new Blob([bytes]).stream());
    this.#sums.push(`${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}  ${path}\n`);
  }

  /** Last, as it names everything. */
  async writeIndex(index: string): Promise<void> {
    await this.writeText("oci-layout", `{"imageLayoutVersion":"1.0.0"}`);
    await this.writeText("index.json", index);
  }

  /** With the signature of what they name, and so of all. */
  async writeSums(): Promise<void> {
    const { signingKey } = this.#task;
    const sums = this.#sums.join("");
    await this.writeText(SUMS_FILE, sums);
    if (signingKey) await this.writeText(SIGNATURE_FILE, signBytes(new TextEncoder().encode(sums), signingKey));
    // One from before would be of other checksums.
    else await this.#sink.remove(SIGNATURE_FILE);
  }

  async #write(digest: Digest, { sizeBytes }: Located, read: () => Promise<Blob>): Promise<void> {
    const { signal, form } = this.#task;
    signal.throwIfAborted();
    const path = pathOf(digest);
    const there = await this.#sink.find(path, sizeBytes);
    const expected = { digest, sizeBytes, onBytes: (bytes: number) => this.#advance(bytes) };
    if (there && (await digestOfFile(there, algorithmOf(digest))) === digest) this.#keep(sizeBytes);
    else await this.#sink.put(path, sizeBytes, verified((await read()).stream(), expected));
    if (form === "bundle") this.#sums.push(`${await this.#sumOf(digest, read)}  ${path}\n`);
  }

  #keep(bytes: number): void {
    this.keptBytes += bytes;
    this.#advance(bytes);
  }

  #advance(bytes: number): void {
    const { signal, onProgress } = this.#task;
    signal.throwIfAborted();
    this.#doneBytes += bytes;
    onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.totalBytes });
  }

  /** In hexadecimal. What has another digest is read once more. */
  async #sumOf(digest: Digest, read: () => Promise<Blob>): Promise<string> {
    const sha256 = algorithmOf(digest) === "sha256" ? digest : await digestOfFile(await read());
    return sha256.slice("sha256:".length);
  }

  async #readBlob(digest: Digest, { repository }: Located): Promise<Blob> {
    const { registry } = this.#task;
    const bytes = await readBlob(registry, await getBlob(registry, repository, digest));
    return bytes instanceof Blob ? bytes : new Blob([new Uint8Array(bytes)]);
  }

  async #readManifest(digest: Digest, { repository }: Located): Promise<Blob> {
    const { body } = await getManifest(this.#task.registry, repository, { kind: "digest", digest });
    return new Blob([new Uint8Array(body)]);
  }
}

function bytesOf({ manifests, blobs }: ExportContent): number {
  return [...manifests.values(), ...blobs.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
