import { type Digest, digestOf, DOCKER_MANIFEST, isJsonObject, MAX_MANIFEST_BYTES } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { type FileSource, readSmall } from "../archive/file-source.ts";
import type { ImageArchive, RootImage } from "./image-archive.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import { parseImageName } from "./parse-image-name.ts";
import { looksLikeOciLayout, readOciLayout } from "./read-oci-layout.ts";

interface SavedImage {
  readonly config: string;
  readonly layers: readonly string[];
  readonly names: readonly string[];
}

type Contents = Map<Digest, Blob>;

/**
 * Reads what `docker save`, `podman save` and others write. One that is an OCI layout as well is read as that; of another, each image
 * gets the manifest that a push of it would have, with its layers as they are. Each layer is read once, for its digest.
 * @throws ArchiveError
 */
export async function readDockerArchive(source: FileSource): Promise<ImageArchive> {
  if ((await looksLikeOciLayout(source)) && (await source.find("index.json"))) return readOciLayout(source);
  const contents: Contents = new Map();
  const layers = new Map<string, Layer>();
  const roots: RootImage[] = [];
  for (const image of await readImages(source)) roots.push(...(await readImage(source, image, { contents, layers })));
  return { roots, open: (digest) => Promise.resolve(contents.get(digest)) };
}

async function readImages(source: FileSource): Promise<readonly SavedImage[]> {
  const bytes = await readSmall(source, "manifest.json", MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new ArchiveError("it is no archive of docker save: it has no manifest.json");
  const images = parseJson(bytes, "manifest.json");
  if (!Array.isArray(images)) throw new ArchiveError("manifest.json is no list of images");
  return images.map(parseImage);
}

function parseImage(image: unknown): SavedImage {
  const { Config: config, Layers: layers, RepoTags: names } = isJsonObject(image) ? image : {};
  if (typeof config !== "string" || !isTexts(layers) || !isTexts(names ?? []))
    throw new ArchiveError("manifest.json has an image without Config, Layers or RepoTags as they should be");
  return { config, layers, names: isTexts(names) ? names : [] };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

interface Known {
  /** What the manifests name. */
  readonly contents: Contents;
  /** Layers that were read, by their path: images share them. */
  readonly layers: Map<string, Layer>;
}

interface Layer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

async function readImage(source: FileSource, image: SavedImage, known: Known): Promise<readonly RootImage[]> {
  const config = await readSmall(source, image.config, MAX_MANIFEST_BYTES);
  if (config === undefined) throw new ArchiveError(`it has no file ${image.config}`);
  const layers: Layer[] = [];
  for (const path of image.layers) layers.push(await readLayer(source, path, known));
  requireDiffIds(config, image, layers);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: keep(known, config, "application/vnd.docker.container.image.v1+json"),
      layers,
    }),
  );
  const { digest, size: sizeBytes } = keep(known, manifest, DOCKER_MANIFEST);
  const root = { digest, mediaType: DOCKER_MANIFEST, sizeBytes };
  return image.names.length === 0 ? [root] : image.names.map((name) => ({ ...root, ...parseImageName(name) }));
}

function keep({ contents }: Known, bytes: Uint8Array, mediaType: string) {
  const digest = digestOf(bytes);
  contents.set(digest, new Blob([new Uint8Array(bytes)]));
  return { mediaType, digest, size: bytes.byteLength };
}

const TAR = "application/vnd.docker.image.rootfs.diff.tar";
const TAR_GZIP = `${TAR}.gzip`;

async function readLayer(source: FileSource, path: string, { contents, layers }: Known): Promise<Layer> {
  const known = layers.get(path);
  if (known) return known;
  const file = await source.find(path);
  if (!file) throw new ArchiveError(`it has no file ${path}`);
  const digest = await digestOfFile(file);
  const isGzip = Buffer.from(await file.slice(0, 2).bytes()).toString("hex") === "1f8b";
  const layer = { mediaType: isGzip ? TAR_GZIP : TAR, digest, size: file.size };
  layers.set(path, layer);
  contents.set(digest, file);
  return layer;
}

/** The configuration says what the layers are without compression: an image of others would not run anywhere. */
function requireDiffIds(config: Uint8Array, image: SavedImage, layers: readonly Layer[]): void {
  const value = parseJson(config, image.config);
  const rootfs = isJsonObject(value) ? value["rootfs"] : undefined;
  const diffIds = isJsonObject(rootfs) ? rootfs["diff_ids"] : undefined;
  if (!isTexts(diffIds) || diffIds.length !== layers.length)
    throw new ArchiveError(`${image.config} does not name the ${layers.length} layers of the image`);
  for (const [position, { mediaType, digest }] of layers.entries()) {
    if (mediaType === TAR && digest !== diffIds[position])
      throw new ArchiveError(`${image.layers[position]} is damaged: its digest is ${digest}, not ${diffIds[position]}`);
  }
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ArchiveError(`${name} is no JSON`, { cause: error });
  }
}
