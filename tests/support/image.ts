import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { writeLayer } from "./layer.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export interface ImageOptions {
  /** Bytes of random content in each layer. */
  readonly layerBytes: readonly number[];
  /** One platform gives an image, several an index of images. Default: `linux/amd64`. */
  readonly platforms?: readonly string[];
  /** Docker's version 2, schema 2 types, or the OCI's. Default: `oci`. */
  readonly format?: ImageFormat;
  /** Other seeds give other bytes. */
  readonly seed: string;
}

export type ImageFormat = "oci" | "docker";

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface StoredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly file: string;
}

/** An image on disk, in a form that clients push from, and everything a registry must give back for it. */
export interface Image {
  readonly folder: string;
  /** As skopeo and its relatives name it: `oci:FOLDER:latest` or `dir:FOLDER`. */
  readonly source: string;
  /** The index, or the only image's manifest. */
  readonly top: StoredManifest;
  /** Every manifest, children before the index. */
  readonly manifests: readonly StoredManifest[];
  /** Every configuration and layer, each once. */
  readonly blobs: readonly StoredBlob[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const mediaTypes = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

/** Makes an image of random layers: an OCI layout tagged `latest`, or for Docker's types the `dir:` form. */
export async function makeImage(options: ImageOptions): Promise<Image> {
  const platforms = options.platforms ?? ["linux/amd64"];
  const writer = new ImageWriter(options.format ?? "oci");
  const children: Descriptor[] = [];
  for (const platform of platforms) children.push(await writer.writeImage(platform, options));
  const [only] = children;
  if (only === undefined) throw new Error("an image needs a platform");
  return writer.finish(platforms.length === 1 ? only : writer.writeIndex(children));
}

class ImageWriter {
  readonly #folder = makeTemporaryFolder("image");
  readonly #blobFolder = join(this.#folder, "blobs/sha256");
  readonly #format: ImageFormat;
  readonly #manifests: StoredManifest[] = [];
  readonly #blobs: StoredBlob[] = [];

  constructor(format: ImageFormat) {
    this.#format = format;
    mkdirSync(this.#blobFolder, { recursive: true });
  }

  async writeImage(platform: string, options: ImageOptions): Promise<Descriptor> {
    const types = mediaTypes[this.#format];
    const [os = "", architecture = ""] = platform.split("/");
    const layers: Descriptor[] = [];
    const diffIds: string[] = [];
    for (const [number, contentBytes] of options.layerBytes.entries()) {
      const name = `${options.seed}-${architecture}-${number}`;
      const layer = await writeLayer(this.#blobFolder, name, contentBytes);
      this.#addBlob(layer.digest, layer.sizeBytes);
      layers.push({ mediaType: types.layer, digest: layer.digest, size: layer.sizeBytes });
      diffIds.push(layer.diffId);
    }
    const history = layers.map((_, number) => ({ created: "2024-01-01T00:00:00Z", created_by: `layer ${number}` }));
    const rootfs = { type: "layers", diff_ids: diffIds };
    const config = { created: "2024-01-01T00:00:00Z", architecture, os, config: { Cmd: ["/none"] }, rootfs, history };
    const configDescriptor = this.#writeJson(types.config, config);
    this.#addBlob(configDescriptor.digest, configDescriptor.size);
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config: configDescriptor, layers };
    return { ...this.#writeManifest(types.manifest, manifest), platform: { architecture, os } };
  }

  writeIndex(manifests: readonly Descriptor[]): Descriptor {
    const mediaType = mediaTypes[this.#format].index;
    return this.#writeManifest(mediaType, { schemaVersion: 2, mediaType, manifests });
  }

  finish(top: Descriptor): Image {
    const topManifest = this.#manifests.at(-1);
    if (topManifest === undefined) throw new Error("no manifest was written");
    if (this.#format === "oci") this.#finishLayout(top);
    else this.#finishDirectory(topManifest);
    return {
      folder: this.#folder,
      source: this.#format === "oci" ? `oci:${this.#folder}:latest` : `dir:${this.#folder}`,
      top: topManifest,
      manifests: this.#manifests,
      blobs: this.#blobs,
    };
  }

  #finishLayout(top: Descriptor): void {
    const manifests = [{ ...top, annotations: { "org.opencontainers.image.ref.name": "latest" } }];
    writeFileSync(join(this.#folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(this.#folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  }

  /** Skopeo's `dir:` form: blobs by bare digest, the top manifest as `manifest.json`, its children by digest. */
  #finishDirectory(top: StoredManifest): void {
    writeFileSync(join(this.#folder, "version"), "Directory Transport Version: 1.1\n");
    for (const { digest, bytes } of this.#manifests) {
      const name = digest === top.digest ? "manifest.json" : `${hexOf(digest)}.manifest.json`;
      writeFileSync(join(this.#folder, name), bytes);
    }
    for (const [number, blob] of this.#blobs.entries()) {
      const file = join(this.#folder, hexOf(blob.digest));
      renameSync(blob.file, file);
      this.#blobs[number] = { ...blob, file };
    }
    rmSync(join(this.#folder, "blobs"), { recursive: true });
  }

  #addBlob(digest: string, sizeBytes: number): void {
    this.#blobs.push({ digest, sizeBytes, file: join(this.#blobFolder, hexOf(digest)) });
  }

  #writeManifest(mediaType: string, content: object): Descriptor {
    const descriptor = this.#writeJson(mediaType, content);
    this.#manifests.push({ digest: descriptor.digest, mediaType, bytes: encodeJson(content) });
    return descriptor;
  }

  #writeJson(mediaType: string, content: object): Descriptor {
    const bytes = encodeJson(content);
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(this.#blobFolder, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
  }
}

function encodeJson(content: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(content));
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
