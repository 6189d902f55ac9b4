import {
  algorithmOf,
  type Annotations,
  type Descriptor,
  hexOf,
  isJsonObject,
  isManifestMediaType,
  isRepositoryName,
  isTag,
  MAX_MANIFEST_BYTES,
  parseStoredManifest,
  RegistryError,
} from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { type FileSource, readSmall } from "../archive/file-source.ts";
import { REPOSITORY_ANNOTATION } from "../archive/repository-annotation.ts";
import type { ImageArchive, ImageName, RootImage } from "./image-archive.ts";
import { parseImageName } from "./parse-image-name.ts";

const LAYOUT_FILE = "oci-layout";

export async function looksLikeOciLayout(source: FileSource): Promise<boolean> {
  return (await source.find(LAYOUT_FILE)) !== undefined;
}

/**
 * Reads what an OCI image layout offers; its content is read later.
 * @throws ArchiveError
 * @spec OCI image-spec, "Image Layout"
 */
export async function readOciLayout(source: FileSource): Promise<ImageArchive> {
  await requireVersion(source);
  const bytes = await readSmall(source, "index.json", MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new ArchiveError("it has no index.json");
  const { manifests } = parseIndex(bytes);
  return {
    // A layout may hold other things; a registry cannot.
    roots: manifests.filter(({ mediaType }) => isManifestMediaType(mediaType)).map(asRoot),
    open: (digest) => source.find(`blobs/${algorithmOf(digest)}/${hexOf(digest)}`),
  };
}

async function requireVersion(source: FileSource): Promise<void> {
  const bytes = await readSmall(source, LAYOUT_FILE, 4096);
  if (bytes === undefined) throw new ArchiveError(`it is no OCI layout: it has no file ${LAYOUT_FILE}`);
  const version = parseVersion(new TextDecoder().decode(bytes));
  if (version !== "1.0.0") throw new ArchiveError(`${LAYOUT_FILE} does not say version 1.0.0`);
}

function parseVersion(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value["imageLayoutVersion"] : undefined;
  } catch {
    return undefined;
  }
}

function parseIndex(bytes: Uint8Array) {
  try {
    return parseStoredManifest(bytes);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new ArchiveError(`index.json is wrong: ${error.message}`, { cause: error });
  }
}

function asRoot({ digest, mediaType, sizeBytes, annotations = {} }: Descriptor): RootImage {
  return { digest, mediaType, sizeBytes, ...nameIn(annotations) };
}

/** containerd and Docker say the whole name in an annotation of their own, and the tag alone in that of the specification. */
function nameIn(annotations: Annotations): ImageName {
  const name = annotations["org.opencontainers.image.ref.name"] ?? "";
  const repository = annotations[REPOSITORY_ANNOTATION];
  if (repository !== undefined) return exactName(repository, name);
  const text = annotations["io.containerd.image.name"] ?? name;
  return text === "" ? {} : parseImageName(text);
}

/** Of our own exports: a repository may be called like another registry. */
function exactName(repository: string, name: string): ImageName {
  const tag = name.startsWith(`${repository}:`) ? name.slice(repository.length + 1) : name;
  if (!isRepositoryName(repository)) throw new ArchiveError(`${JSON.stringify(repository)} is no name of a repository`);
  return isTag(tag) ? { repository, tag } : { repository };
}
