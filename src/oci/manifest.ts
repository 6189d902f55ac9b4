import {
  type Annotations,
  type Descriptor,
  invalid,
  isJsonObject,
  isPresent,
  type JsonObject,
  optionalText,
  parseAnnotations,
  parseDescriptor,
} from "./descriptor.ts";
import { shorten } from "./digest.ts";
import { exactKeys } from "./exact-keys.ts";
import {
  essenceOf,
  isIndexType,
  isManifestMediaType,
  type ManifestMediaType,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
} from "./media-type.ts";
import type { RegistryError } from "./registry-error.ts";

/** What a registry must know of a manifest. The bytes stay as they were sent: nothing is ever written back from this. */
export interface Manifest {
  readonly mediaType: ManifestMediaType;
  /** Config first, then the layers in order; empty for an index. */
  readonly blobs: readonly Descriptor[];
  /** The children of an index; empty for an image manifest. */
  readonly manifests: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  /** Its own `artifactType`; for an image manifest without one, the media type of its config. */
  readonly artifactType: string | undefined;
  readonly annotations: Annotations | undefined;
}

/** A larger manifest is refused: clients do not read more than this, so it could never be pulled. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** More are refused: no image comes near it, and each is looked up and recorded in the transaction of the push. */
const MAX_DESCRIPTORS = 10_000;

/**
 * Reads a manifest as far as a registry must understand it; unknown fields are left alone.
 * @param contentType the request's `Content-Type`, `undefined` if it had none
 * @throws RegistryError `manifest-invalid`
 * @spec OCI image-spec, "Image Manifest" and "Image Index"; Docker "Image Manifest Version 2, Schema 2"
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const mediaType = requireMediaType(contentType);
  return parseBody(parseJsonObject(bytes), mediaType);
}

/**
 * Reads a manifest that was kept without the media type that it came with, or with one that may be wrong: what it says of
 * itself counts.
 * @param recorded where it says nothing; where that is missing, too, it is what it looks like
 * @throws RegistryError `manifest-invalid`
 */
export function parseStoredManifest(bytes: Uint8Array, recorded?: ManifestMediaType): Manifest {
  const body = parseJsonObject(bytes);
  if (body["schemaVersion"] === 1) throw schema1Refused();
  const own = optionalText(body["mediaType"], "mediaType");
  return parseBody(body, requireMediaType(own ?? recorded ?? lookOf(body)));
}

function lookOf(body: JsonObject): ManifestMediaType {
  return Array.isArray(body["manifests"]) ? OCI_IMAGE_INDEX : OCI_IMAGE_MANIFEST;
}

function parseBody(body: JsonObject, mediaType: ManifestMediaType): Manifest {
  const fault = faultInKeys(body);
  if (fault !== undefined) throw invalid(`the manifest ${fault}`);
  requireSameMediaType(body["mediaType"], mediaType);
  if (body["schemaVersion"] !== 2) throw invalid("schemaVersion is not 2");
  return isIndexType(mediaType) ? parseIndex(body, mediaType) : parseImageManifest(body, mediaType);
}

function requireMediaType(contentType: string | undefined): ManifestMediaType {
  if (!contentType) throw invalid("the request has no Content-Type: send the manifest's media type");
  const mediaType = essenceOf(contentType);
  if (isManifestMediaType(mediaType)) return mediaType;
  if (mediaType.startsWith("application/vnd.docker.distribution.manifest.v1+")) throw schema1Refused();
  throw invalid(`${shorten(mediaType)} is not a media type of a manifest that this registry takes`);
}

function schema1Refused(): RegistryError {
  return invalid("manifests of schema 1 are not supported any more: push the image with a current client");
}

function parseJsonObject(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw invalid(`the manifest is not JSON in UTF-8: ${shorten((error as Error).message)}`);
  }
  if (!isJsonObject(value)) throw invalid("the manifest is not a JSON object");
  return value;
}

const faultInKeys = exactKeys(
  "schemaVersion",
  "mediaType",
  "artifactType",
  "config",
  "layers",
  "manifests",
  "subject",
  "annotations",
);

function requireSameMediaType(inBody: unknown, inHeader: ManifestMediaType): void {
  const text = optionalText(inBody, "mediaType");
  if (text !== undefined && text !== inHeader)
    throw invalid(`the manifest's mediaType is ${shorten(text)}, the request's Content-Type ${inHeader}`);
}

function parseImageManifest(body: JsonObject, mediaType: ManifestMediaType): Manifest {
  // A document that reads as both kinds means one thing to the registry and another to a client (CVE-2021-41190).
  if (isPresent(body["manifests"])) throw invalid("an image manifest has layers, not manifests: it has both fields");
  const config = parseDescriptor(body["config"], "config");
  const layers = parseDescriptors(body["layers"], "layers");
  return {
    mediaType,
    blobs: [config, ...layers],
    manifests: [],
    subject: parseSubject(body["subject"]),
    artifactType: optionalText(body["artifactType"], "artifactType") ?? config.mediaType,
    annotations: parseAnnotations(body["annotations"], "annotations"),
  };
}

function parseIndex(body: JsonObject, mediaType: ManifestMediaType): Manifest {
  if (isPresent(body["layers"]) || isPresent(body["config"]))
    throw invalid("an index has manifests, not layers or config: it has both");
  return {
    mediaType,
    blobs: [],
    manifests: parseDescriptors(body["manifests"], "manifests"),
    subject: parseSubject(body["subject"]),
    artifactType: optionalText(body["artifactType"], "artifactType"),
    annotations: parseAnnotations(body["annotations"], "annotations"),
  };
}

function parseSubject(value: unknown): Descriptor | undefined {
  return isPresent(value) ? parseDescriptor(value, "subject") : undefined;
}

/** Go writes an empty list as `null`, so an absent list is an empty one. */
function parseDescriptors(value: unknown, place: string): readonly Descriptor[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw invalid(`${place} is not a list`);
  if (value.length > MAX_DESCRIPTORS)
    throw invalid(`${place} has ${value.length} descriptors: at most ${MAX_DESCRIPTORS} are taken`);
  return value.map((entry, position) => parseDescriptor(entry, `${place}[${position}]`));
}
