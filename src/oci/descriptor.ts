import { type Digest, parseDigest, shorten } from "./digest.ts";
import { exactKeys } from "./exact-keys.ts";
import { RegistryError } from "./registry-error.ts";

/**
 * Names content by type, digest and size.
 * @spec OCI image-spec, "OCI Content Descriptors"
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly urls: readonly string[];
  readonly platform?: Platform | undefined;
  readonly artifactType?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

export type Annotations = Readonly<Record<string, string>>;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Go writes what is empty as `null`. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const faultInKeys = exactKeys("mediaType", "digest", "size", "urls", "platform", "artifactType", "annotations");
const faultInPlatformKeys = exactKeys("os", "architecture", "variant");

/**
 * @param place where it stands, for messages: `config`, `layers[2]`, …
 * @throws RegistryError `manifest-invalid`
 */
export function parseDescriptor(value: unknown, place: string): Descriptor {
  if (!isJsonObject(value)) throw invalid(`${place} is not a descriptor (an object with mediaType, digest and size)`);
  const fault = faultInKeys(value);
  if (fault !== undefined) throw invalid(`${place} ${fault}`);
  return {
    mediaType: requiredText(value["mediaType"], `${place}.mediaType`),
    digest: descriptorDigest(value["digest"], `${place}.digest`),
    sizeBytes: descriptorSize(value["size"], `${place}.size`),
    urls: parseUrls(value["urls"], `${place}.urls`),
    platform: parsePlatform(value["platform"], `${place}.platform`),
    artifactType: optionalText(value["artifactType"], `${place}.artifactType`),
    annotations: parseAnnotations(value["annotations"], `${place}.annotations`),
  };
}

/** @throws RegistryError `manifest-invalid` */
export function parseAnnotations(value: unknown, place: string): Annotations | undefined {
  if (!isPresent(value)) return undefined;
  if (!isJsonObject(value) || !Object.values(value).every((entry) => typeof entry === "string"))
    throw invalid(`${place} is not an object of strings`);
  return value as Annotations;
}

/** @throws RegistryError `manifest-invalid` */
export function optionalText(value: unknown, place: string): string | undefined {
  if (!isPresent(value) || value === "") return undefined;
  if (typeof value !== "string") throw invalid(`${place} is not a string`);
  return value;
}

export function invalid(message: string): RegistryError {
  return new RegistryError("manifest-invalid", message);
}

function requiredText(value: unknown, place: string): string {
  const text = optionalText(value, place);
  if (text === undefined) throw invalid(`${place} is missing`);
  return text;
}

function descriptorDigest(value: unknown, place: string): Digest {
  const text = requiredText(value, place);
  try {
    return parseDigest(text);
  } catch (error) {
    throw new RegistryError("manifest-invalid", `${place} is not valid: ${(error as Error).message}`, {
      detail: { digest: shorten(text) },
      cause: error,
    });
  }
}

function descriptorSize(value: unknown, place: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw invalid(`${place} is not a size in bytes (a whole number, not negative)`);
  // JSON has a -0, which is another value to who compares.
  return Math.abs(value);
}

function parseUrls(value: unknown, place: string): readonly string[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value) || !value.every((url): url is string => typeof url === "string"))
    throw invalid(`${place} is not a list of strings`);
  return value;
}

function parsePlatform(value: unknown, place: string): Platform | undefined {
  if (!isPresent(value)) return undefined;
  if (!isJsonObject(value)) throw invalid(`${place} is not an object`);
  const fault = faultInPlatformKeys(value);
  if (fault !== undefined) throw invalid(`${place} ${fault}`);
  return {
    os: optionalText(value["os"], `${place}.os`) ?? "",
    architecture: optionalText(value["architecture"], `${place}.architecture`) ?? "",
    variant: optionalText(value["variant"], `${place}.variant`),
  };
}
