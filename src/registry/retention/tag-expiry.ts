import { isIndexType, type Manifest } from "../../oci/index.ts";
import { isAge, parseAge } from "../settings/age.ts";

/** How long the tags of a manifest last that is pushed with it, such as `12h` or `2w`. */
export const EXPIRES_AFTER = "dev.berth.expires-after";
/** Until when they do, in RFC 3339. */
export const EXPIRES_AT = "dev.berth.expires-at";
/** The same as the first, as a label of an image's config. */
export const EXPIRES_AFTER_LABEL = "quay.expires-after";

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);

/** When the tags of a push go by themselves. */
export interface PushedExpiry {
  readonly expiresAtMs: number | null;
  /** The labels of the image, or of those of the index, are to be looked at, which a push does not wait for. */
  readonly isLabelUnread: boolean;
  /** What is wrong with what the manifest says of it, in ASCII without quotes. */
  readonly warning?: string | undefined;
}

/** What a manifest says of it itself goes before what the labels of its image say, and an index before its images. */
export function expiryOf(manifest: Manifest, nowMs: number): PushedExpiry {
  const { annotations } = manifest;
  const after = annotations?.[EXPIRES_AFTER];
  const at = annotations?.[EXPIRES_AT];
  if (after !== undefined)
    return isAge(after)
      ? { expiresAtMs: nowMs + parseAge(after), isLabelUnread: false }
      : wrong(`${EXPIRES_AFTER} is no age such as 12h or 2w`);
  if (at !== undefined)
    return isTime(at)
      ? { expiresAtMs: Date.parse(at), isLabelUnread: false }
      : wrong(`${EXPIRES_AT} is no time such as 2027-01-31T12:00:00Z`);
  return { expiresAtMs: null, isLabelUnread: hasLabels(manifest) };
}

function hasLabels({ mediaType, manifests, blobs: [config] }: Manifest): boolean {
  if (isIndexType(mediaType)) return manifests.length > 0;
  return config !== undefined && IMAGE_CONFIGS.has(config.mediaType);
}

function wrong(what: string): PushedExpiry {
  return { expiresAtMs: null, isLabelUnread: false, warning: `${what}: the tag does not expire` };
}

function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
  );
}

/** How long a tag lasts by the labels of its image, in milliseconds; `undefined` if they do not say, or nothing that can be read. */
export function expiresAfterByLabel(labels: ImageLabels): number | undefined {
  const after = labels?.[EXPIRES_AFTER_LABEL];
  return typeof after === "string" && isAge(after) ? parseAge(after) : undefined;
}

/** `undefined`: there are none, or none of those that were asked for. */
export type ImageLabels = Readonly<Record<string, unknown>> | undefined;

/** The labels in the config of an image, if some of these names are among them. */
export function readLabels(config: Uint8Array, names: readonly string[]): ImageLabels {
  const text = Buffer.from(config.buffer, config.byteOffset, config.byteLength);
  // Most say nothing of it, and need not be parsed for that.
  return names.some((name) => text.includes(name)) ? labelsOf(config) : undefined;
}

function labelsOf(config: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(config)) as {
      config?: { Labels?: Record<string, unknown> };
    } | null;
    return parsed?.config?.Labels ?? undefined;
  } catch {
    return undefined;
  }
}
