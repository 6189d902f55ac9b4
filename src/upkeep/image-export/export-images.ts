import type { KeyObject } from "node:crypto";
import { algorithmOf, type Digest, MAX_MANIFEST_BYTES } from "../../oci/index.ts";
import { getBlob, getManifest, readBlob, type Registry } from "../../registry/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import type { FileSink } from "../archive/file-sink.ts";
import { createFolder } from "../archive/folder-sink.ts";
import { SIGNATURE_FILE, signBytes } from "../archive/signature.ts";
import { SUMS_FILE } from "../archive/sums-file.ts";
import { createTar } from "../archive/tar-sink.ts";
import {
  collectContent,
  type ContentWish,
  type ExportContent,
  type ExportRoot,
  type Located,
} from "./collect-content.ts";
import { describeForDocker, pathOf } from "./describe-for-docker.ts";
import { nameRoots } from "./name-roots.ts";
import { selectImages } from "./select-images.ts";
import { verified } from "./verified.ts";

/** `bundle`: an OCI layout that names repositories, with a list of checksums. */
export type ExportForm = "oci" | "docker-archive" | "bundle";

export interface ImageExport extends Omit<ContentWish, "images"> {
  readonly registry: Registry;
  readonly form: ExportForm;
  readonly references: readonly string[];
  /** What ends with `.tar` is an archive, anything else a folder. */
  readonly out: string;
  /** What a bundle is signed with, if it is. */
  readonly signingKey?: KeyObject | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ImageExportSummary {
  readonly images: readonly ExportRoot[];
  readonly manifests: number;
  readonly blobs: number;
  /** Of manifests and blobs. */
  readonly totalBytes: number;
  /** Of what was there already, and right. */
  readonly keptBytes: number;
}

/**
 * Writes images with all that belongs to them into a folder or an archive, each byte verified on the way. What names content is
 * written behind it, and what is there already and right is not written again.
 * @throws RegistryError, StorageError, MetadataError, ArchiveError
 */
export async function exportImages(task: ImageExport): Promise<ImageExportSummary> {
  const { registry, references, form, out } = task;
  const content = await collectContent(registry, { ...task, images: await selectImages(registry, references) });
  if (content.roots.length === 0) throw new ArchiveError("there is nothing to write");
  const index = indexOf(task, content);
  const forDocker = form === "docker-archive" ? await describeForDocker(registry, content) : undefined;
  const sink = await (out.endsWith(".tar") ? createTar(out) : createFolder(out));
  try {
    const written = new LayoutWriter(task, sink, bytesOf(content));
    await written.write(content);
    if (forDocker) await written.writeText("manifest.json", JSON.stringify(forDocker));
    await written.writeText("oci-layout", `{"imageLayoutVersion":"1.0.0"}`);
    await written.writeText("index.json", index);
    if (form === "bundle") await written.writeSums();
    await sink.finish();
    const { manifests, blobs } = content;
    const { totalBytes, keptBytes } = written;
    return { images: content.roots, manifests: manifests.size, blobs: blobs.size, totalBytes, keptBytes };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

function indexOf({ form }: ImageExport, { roots }: ExportContent): string {
  const repositories = new Set(roots.map(({ repository }) => repository));
  const naming = form === "bundle" || repositories.size > 1 ? "full-names" : "tags";
  const manifests = nameRoots(roots, naming);
  const text = JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests });
  if (text.length > MAX_MANIFEST_BYTES)
    throw new ArchiveError(
      `it would have ${roots.length} images, more than one index.json may name: export them in parts`,
    );
  return text;
}

function bytesOf({ manifests, blobs }: ExportContent): number {
  return [...manifests.values(), ...blobs.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

class LayoutWriter {
  readonly totalBytes: number;
  keptBytes = 0;
  readonly #task: ImageExport;
  readonly #sink: FileSink;
  readonly #sums: string[] = [];
  #doneBytes = 0;

  constructor(task: ImageExport, sink: FileSink, totalBytes: number) {
    this.#task = task;
    this.#sink = sink;
    this.totalBytes = totalBytes;
  }

  async write({ manifests, blobs }: ExportContent): Promise<void> {
    for (const [digest, blob] of blobs) await this.#writeContent(digest, blob, () => this.#readBlob(digest, blob));
    for (const [digest, manifest] of manifests)
      await this.#writeContent(digest, manifest, () => this.#readManifest(digest, manifest));
  }

  async writeText(path: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    await this.#sink.put(path, bytes.byteLength, new Blob([bytes]).stream());
    this.#sums.push(`${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}  ${path}\n`);
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

  async #writeContent(digest: Digest, { sizeBytes }: Located, read: () => Promise<Blob>): Promise<void> {
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
