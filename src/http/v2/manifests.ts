import {
  DOCKER_MANIFEST_LIST,
  MAX_MANIFEST_BYTES,
  parseTag,
  type Reference,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../../oci/index.ts";
import type { AccessRequest, Action, Caller } from "../../access/index.ts";
import type { ManifestHead } from "../../metadata/index.ts";
import {
  type PushPermission,
  deleteManifest,
  findAmd64Child,
  getManifest,
  getManifestHead,
  putManifest,
  requireWritable,
} from "../../registry/index.ts";
import { type Soon, whenThere } from "../../runtime/index.ts";
import { type Answer, type AnswerHeaders, emptyAnswer, KeptHeaders } from "../answer.ts";
import { readBody } from "../read-body.ts";
import { isNotModified } from "./conditional.ts";
import { actOriginOf, type Exchange, type ExchangeAt, locationOf } from "./exchange.ts";
import { pushing } from "./moved-name.ts";
import { askAgain } from "./require-access.ts";

/** More tags than this in one `?tag=` push are refused. */
const MAX_TAG_PARAMETERS = 100;

/** @spec OCI distribution-spec, end-3 */
export function sendManifest(exchange: ExchangeAt<"manifest">): Soon<Answer> {
  const { name, reference: asked } = exchange.route;
  // For old clients perhaps one image of what was asked for instead.
  const chosen = exchange.options.amd64Fallback ? withFallback(exchange, name, asked) : asked;
  return whenThere(chosen, (reference) => sendChosen(exchange, asked, reference));
}

function sendChosen(exchange: ExchangeAt<"manifest">, asked: Reference, chosen: Reference): Soon<Answer> {
  const { registry, request, route } = exchange;
  const isHead = request.method === "HEAD";
  const found: Soon<ManifestHead & { readonly body?: Uint8Array }> = isHead
    ? getManifestHead(registry, route.name, chosen)
    : getManifest(registry, route.name, chosen);
  return whenThere(found, (manifest) => {
    const headers = manifestHeaders(exchange, manifest, asked);
    if (isNotModified(request, manifest.digest)) return emptyAnswer(304, headers);
    return { status: 200, headers, body: manifest.body ?? null };
  });
}

async function withFallback(exchange: Exchange, name: RepositoryName, reference: Reference): Promise<Reference> {
  if (reference.kind === "digest") return reference;
  if (exchange.request.headers.get("accept")?.includes(DOCKER_MANIFEST_LIST)) return reference;
  const child = await findAmd64Child(exchange.registry, name, reference);
  return child === undefined ? reference : { kind: "digest", digest: child };
}

const KEPT_HEADERS = { tag: new KeptHeaders(), digest: new KeptHeaders() };

function manifestHeaders(exchange: Exchange, manifest: ManifestHead, asked: Reference): AnswerHeaders {
  return KEPT_HEADERS[asked.kind].of(manifest, () => makeHeaders(exchange, manifest, asked));
}

function makeHeaders(exchange: Exchange, manifest: ManifestHead, asked: Reference): AnswerHeaders {
  return {
    "Content-Type": manifest.mediaType,
    "Content-Length": String(manifest.sizeBytes),
    "Docker-Content-Digest": manifest.digest,
    ETag: `"${manifest.digest}"`,
    // A digest names the same bytes for ever; a tag may move at any time.
    "Cache-Control": asked.kind === "digest" ? "max-age=31536000" : "no-cache",
    ...(exchange.options.amd64Fallback && { Vary: "Accept" }),
  };
}

/** @spec OCI distribution-spec, end-7 */
export async function receiveManifest(exchange: ExchangeAt<"manifest">): Promise<Answer> {
  await requireWritable(exchange.registry);
  const tags = parseTagParameters(exchange.query);
  const body = await readBody(exchange.request, MAX_MANIFEST_BYTES, manifestTooLarge);
  const contentType = exchange.request.headers.get("content-type") ?? undefined;
  const by = actOriginOf(exchange);
  const pushed = await pushing(exchange, async (at) => {
    const { name: repository, reference } = at.route;
    const permission = pushPermission(await askAgain(at), repository);
    return putManifest(at.registry, { repository, reference, tags, contentType, body, by, permission });
  });
  return emptyAnswer(201, {
    Location: locationOf(exchange, exchange.route.name, `manifests/${pushed.digest}`),
    "Docker-Content-Digest": pushed.digest,
    ...(pushed.subject !== undefined && { "OCI-Subject": pushed.subject }),
    ...(tags.length > 0 && { "OCI-Tag": pushed.tags.join(", ") }),
    ...(pushed.warnings.length > 0 && { Warning: pushed.warnings.map(warningValue).join(", ") }),
  });
}

function manifestTooLarge(): RegistryError {
  const maxBytes = MAX_MANIFEST_BYTES;
  return new RegistryError("manifest-too-large", `a manifest has at most ${maxBytes} bytes`, { detail: { maxBytes } });
}

/** @spec OCI distribution-spec, "Warnings" */
function warningValue(text: string): string {
  return `299 - "${text}"`;
}

/** `undefined` for who may do everything that a push can do. */
function pushPermission(caller: Caller, path: RepositoryName): PushPermission | undefined {
  const may = (action: Action, tag: Partial<AccessRequest> = {}) =>
    caller.refusalOf({ path, action, ...tag }) === undefined;
  if (may("push")) return undefined;
  return {
    mayTag: (tag, isNew) => may(isNew ? "tag:create" : "tag:overwrite", { tag }),
    mayRefer: () => may("referrers:write"),
    mayPushUntagged: () =>
      (["tag:create", "tag:overwrite"] as const).some((action) => may(action, { isAnyTagEnough: true })),
  };
}

function parseTagParameters(query: URLSearchParams): readonly Tag[] {
  const tags = [...new Set(query.getAll("tag"))];
  if (tags.length > MAX_TAG_PARAMETERS)
    throw new RegistryError("too-many-tags", `a push sets at most ${MAX_TAG_PARAMETERS} tags at once`);
  return tags.map(parseTag);
}

/** @spec OCI distribution-spec, end-9 */
export async function removeManifest(exchange: ExchangeAt<"manifest">): Promise<Answer> {
  const { registry, route } = exchange;
  const { name: repository, reference } = route;
  await deleteManifest(registry, { repository, reference, by: actOriginOf(exchange) });
  return emptyAnswer(202);
}
