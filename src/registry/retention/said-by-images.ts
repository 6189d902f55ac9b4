import { findLabelledManifest, type KeepMark, type UnreadTag } from "../../metadata/index.ts";
import { type Descriptor, isIndexType, type Manifest, parseStoredManifest, RegistryError } from "../../oci/index.ts";
import { StorageError } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";
import { keyOf } from "../storage-keys.ts";
import { keepMarkOf } from "./keep-mark.ts";
import { EXPIRES_AFTER_LABEL, expiresAfterByLabel, expiryOf, type ImageLabels, readLabels } from "./tag-expiry.ts";

/** No config of an image comes near it. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** No index of platforms comes near it; of a longer one nothing is read. */
const MOST_IMAGES = 100;

/** What images say of the tags that point at them. */
export interface SaidByImages {
  /** `null`: nothing of an end. */
  readonly expiresAtMs: number | null;
  readonly mark: KeepMark | undefined;
}

const NOTHING: SaidByImages = { expiresAtMs: null, mark: undefined };

export interface LabelsQuestion {
  readonly registry: Pick<Registry, "metadata" | "storage">;
  readonly tag: Pick<UnreadTag, "repositoryId" | "pushedAtMs">;
  /** Of annotations and labels that keep a tag. */
  readonly names: readonly string[];
}

/** What the labels of an image say. @throws StorageError */
export async function readImage(question: LabelsQuestion, config: UnreadTag["config"]): Promise<SaidByImages> {
  const { registry, tag, names } = question;
  const labels = await findLabels(registry, config, [EXPIRES_AFTER_LABEL, ...names]);
  const afterMs = expiresAfterByLabel(labels);
  return { expiresAtMs: afterMs === undefined ? null : tag.pushedAtMs + afterMs, mark: keepMarkOf(labels, names) };
}

/**
 * What the images of an index say together: the earliest end, if each of them says one, and what keeps any of them.
 * @throws StorageError
 */
export async function readIndex(question: LabelsQuestion, digest: UnreadTag["digest"]): Promise<SaidByImages> {
  const found = await findManifest(question, digest);
  const images = found ? found.manifest.manifests.filter((child) => !isAttestation(child)) : [];
  if (images.length === 0 || images.length > MOST_IMAGES) return NOTHING;
  const said: SaidByImages[] = [];
  for (const image of images) said.push(await readPart(question, image.digest));
  const ends = said.flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
  return {
    expiresAtMs: ends.length === said.length ? Math.min(...ends) : null,
    mark: said.find(({ mark }) => mark !== undefined)?.mark,
  };
}

/** What is known of how an image was made: BuildKit puts it beside the image, for no platform. */
function isAttestation({ annotations, platform }: Descriptor): boolean {
  return (
    annotations?.["vnd.docker.reference.type"] === "attestation-manifest" ||
    (platform?.os === "unknown" && platform.architecture === "unknown")
  );
}

/** Of an image its annotations go before its labels, as where a tag points at it; an index within an index says nothing but its own. */
async function readPart(question: LabelsQuestion, digest: UnreadTag["digest"]): Promise<SaidByImages> {
  const found = await findManifest(question, digest);
  if (!found) return NOTHING;
  const { manifest, config } = found;
  const { expiresAtMs, isLabelUnread } = expiryOf(manifest, question.tag.pushedAtMs);
  const mark = keepMarkOf(manifest.annotations, question.names);
  if (!isLabelUnread || isIndexType(manifest.mediaType)) return { expiresAtMs, mark };
  const said = await readImage(question, config);
  return { ...said, mark: mark ?? said.mark };
}

async function findManifest(
  { registry, tag }: LabelsQuestion,
  digest: UnreadTag["digest"],
): Promise<(Pick<UnreadTag, "config"> & { readonly manifest: Manifest }) | undefined> {
  const { repositoryId } = tag;
  const found = await findLabelledManifest(registry.metadata.reads, { repositoryId, digest });
  if (!found) return undefined;
  try {
    return { manifest: parseStoredManifest(found.body, found.mediaType), config: found.config };
  } catch (error) {
    // It is lost, or was imported with a fault; it says nothing of how long the tag lasts.
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

async function findLabels(
  { storage }: LabelsQuestion["registry"],
  config: UnreadTag["config"],
  names: readonly string[],
): Promise<ImageLabels> {
  if (!config || config.lostReason !== null || config.sizeBytes > MAX_CONFIG_BYTES) return undefined;
  try {
    const stored = await storage.read(keyOf(config), { sizeBytes: config.sizeBytes });
    return stored && readLabels(await stored.bytes(), names);
  } catch (error) {
    // A scrub finds that; it says nothing of how long the tag lasts.
    if (error instanceof StorageError && error.reason === "corrupt") return undefined;
    throw error;
  }
}
