import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";

import {
  type Descriptor,
  essenceOf,
  isDigest,
  isIndexType,
  isManifestMediaType,
  type JsonObject,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from "../../../src/oci/index.ts";
import { MANIFESTS } from "../corpus/manifests.ts";
import { DIGEST } from "../corpus/texts.ts";
import { bytesOf, registryOutcomeOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

/** The first line is the request's content type, the rest its body. */
const written = (contentType: string, body: string) => `${contentType}\n${Buffer.from(body).toString("latin1")}`;

export const manifests: FuzzTarget = {
  name: "manifests",
  corpus: MANIFESTS.map(({ contentType, json }) => written(contentType, json)),
  grammar: fc
    .tuple(fc.constantFrom(...MANIFESTS), fc.json({ maxDepth: 4 }), fc.nat(40))
    .map(([{ contentType, json }, value, place]) => written(contentType, withValue(json, value, place))),
  words: [
    ...'"mediaType": "digest": "size": "config": "layers": "manifests": "subject": "annotations": "platform":'.split(
      " ",
    ),
    ...'"schemaVersion":2 "Digest": "SIZE": "Layers": "__proto__": "urls":["http://a"] "artifactType":"a/b" \\u0000'.split(
      " ",
    ),
    ...MANIFESTS.map(({ contentType }) => contentType),
    `"${DIGEST}"`,
    "\\ud800",
    "\xc5\xbf",
    "\xe2\x84\xaa",
    "\xef\xbb\xbf",
  ],
  maxLength: MAX_MANIFEST_BYTES,
  testInputs: 4_000,
  check(text) {
    const lineEnd = text.indexOf("\n");
    const contentType = text.slice(0, Math.max(0, lineEnd));
    const body = bytesOf(text.slice(lineEnd + 1));
    const outcome = registryOutcomeOf(() => parseManifest(body, contentType), "manifest-invalid");
    const expected = manifestBySchema(body, contentType);
    equal(outcome.isAccepted ? "accepted" : "refused", expected === undefined ? "refused" : "accepted");
    if (outcome.isAccepted && expected !== undefined) checkManifest(outcome.value, expected);
  },
};

/** Puts another value in the place of one that stands in the text. */
function withValue(json: string, value: string, place: number): string {
  let found = 0;
  return json.replaceAll(/"[^"]*"(?!\s*:)|\d+|null/g, (old) => (found++ === place ? value : old));
}

function checkManifest(manifest: Manifest, body: JsonObject): void {
  const read = asClientsRead(body);
  const { config, layers, manifests: children, subject } = read;
  const isIndex = isIndexType(manifest.mediaType);
  deepEqual(manifest.blobs.map(essentials), isIndex ? [] : [config, ...(layers ?? [])].map(essentials));
  deepEqual(manifest.manifests.map(essentials), (children ?? []).map(essentials));
  deepEqual(manifest.subject && essentials(manifest.subject), subject ? essentials(subject) : undefined);
  for (const { digest, sizeBytes } of [...manifest.blobs, ...manifest.manifests])
    ok(isDigest(digest) && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && !Object.is(sizeBytes, -0));
  const again = parseManifest(Buffer.from(JSON.stringify(writtenFrom(manifest))), manifest.mediaType);
  deepEqual(again, manifest);
}

function essentials(value: Descriptor | ReadDescriptor | undefined) {
  if (value === undefined) return undefined;
  // What is written -0 is 0.
  const sizeBytes = "sizeBytes" in value ? value.sizeBytes : Math.abs(value.size);
  return { mediaType: value.mediaType, digest: String(value.digest), sizeBytes };
}

// --- what the image specification's JSON schemas say, beside the parser

const text = z.string().nullish();
const size = z.int().min(0);
const annotations = z.custom(isTextByText).nullish();
const urls = z.array(z.string()).nullish();
const platform = z.object({ os: text, architecture: text, variant: text }).nullish();
const digest = z.string().regex(/^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/);
const descriptor = z.object({
  mediaType: z.string().min(1),
  digest,
  size,
  urls,
  platform,
  artifactType: text,
  annotations,
});
const descriptors = z.array(descriptor).max(10_000).nullish();
const both = {
  schemaVersion: z.literal(2),
  mediaType: text,
  artifactType: text,
  subject: descriptor.nullish(),
  annotations,
};
const imageManifest = z.object({ ...both, config: descriptor, layers: descriptors, manifests: z.null().optional() });
const imageIndex = z.object({
  ...both,
  manifests: descriptors,
  config: z.null().optional(),
  layers: z.null().optional(),
});

/** `z.record` would leave out a key `__proto__`. */
function isTextByText(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.values(value).every((entry) => typeof entry === "string");
}

/** The parsed body, if it is a manifest of that type; `undefined` if not. */
function manifestBySchema(bytes: Uint8Array, contentType: string): JsonObject | undefined {
  const mediaType = essenceOf(contentType);
  if (!isManifestMediaType(mediaType)) return undefined;
  let body: unknown;
  try {
    const decoded = Buffer.from(bytes).toString("utf8");
    if (!Buffer.from(decoded).equals(bytes)) return undefined;
    body = JSON.parse(decoded);
  } catch {
    return undefined;
  }
  const read = (isIndexType(mediaType) ? imageIndex : imageManifest).safeParse(body);
  if (!read.success || !(read.data.mediaType === mediaType || !read.data.mediaType)) return undefined;
  return isReadTheSame(body as JsonObject) ? (body as JsonObject) : undefined;
}

// --- what a client in Go reads, to which the case of a key means nothing and the last of several counts

const TOP_KEYS = [
  "schemaVersion",
  "mediaType",
  "artifactType",
  "config",
  "layers",
  "manifests",
  "subject",
  "annotations",
];
const DESCRIPTOR_KEYS = ["mediaType", "digest", "size", "urls", "platform", "artifactType", "annotations"];
const PLATFORM_KEYS = ["os", "architecture", "variant"];

const folded = (key: string) => key.replaceAll("\u017f", "s").replaceAll("\u212a", "k").toLowerCase();

function hasForeignKey(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).some((key) => keys.some((known) => folded(known) === folded(key) && known !== key));
}

/** Whether a client understands what the registry does: no key that it would take for another. */
function isReadTheSame(body: JsonObject): boolean {
  const { config, layers, manifests: children, subject } = asClientsRead(body);
  const all = [config, subject, ...(layers ?? []), ...(children ?? [])];
  return (
    !hasForeignKey(body, TOP_KEYS) &&
    !all.some((value) => hasForeignKey(value, DESCRIPTOR_KEYS) || hasForeignKey(value?.platform, PLATFORM_KEYS))
  );
}

interface ReadDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: unknown;
}

interface ReadManifest {
  readonly config?: ReadDescriptor;
  readonly layers?: readonly ReadDescriptor[] | null;
  readonly manifests?: readonly ReadDescriptor[] | null;
  readonly subject?: ReadDescriptor | null;
}

function asClientsRead(body: JsonObject): ReadManifest {
  return body;
}

// --- and back

function writtenFrom({ mediaType, blobs, manifests: children, subject, artifactType, annotations }: Manifest): object {
  const [config, ...layers] = blobs.map(writtenDescriptor);
  const content = isIndexType(mediaType) ? { manifests: children.map(writtenDescriptor) } : { config, layers };
  const more = { artifactType, annotations, ...(subject && { subject: writtenDescriptor(subject) }) };
  return { schemaVersion: 2, mediaType, ...content, ...more };
}

function writtenDescriptor({ sizeBytes, ...rest }: Descriptor): object {
  return { ...rest, size: sizeBytes };
}
