import type { Caller } from "../../access/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { findMaintenance, type RegistryOptions } from "../../registry/index.ts";
import { type Soon, whenThere } from "../../runtime/index.ts";
import { type Answer, emptyAnswer, jsonAnswer } from "../answer.ts";
import { isFromAnotherSite } from "../from-another-site.ts";
import { methodNotAllowed } from "../http-error.ts";
import { removeBlob, sendBlob } from "./blobs.ts";
import { type Exchange, type ExchangeAt, mayPull } from "./exchange.ts";
import { sendCatalog, sendReferrers, sendTags } from "./listings.ts";
import { receiveManifest, removeManifest, sendManifest } from "./manifests.ts";
import { type ParsedRoute, parseRoute, type Route, type RouteKind } from "./match-route.ts";
import { afterFailure, byNewName } from "./moved-name.ts";
import { recordRefusal } from "./record-refusal.ts";
import { type Need, NEEDS, requireAccess, requireLetIn } from "./require-access.ts";
import { cancelBlobUpload, finishBlobUpload, receiveChunk, sendUploadStatus, startBlobUpload } from "./uploads.ts";

interface Endpoint<Kind extends RouteKind = RouteKind> {
  readonly needs: Need;
  readonly handle: (exchange: ExchangeAt<Kind>) => Soon<Answer>;
}

type Methods<Kind extends RouteKind = RouteKind> = Readonly<Partial<Record<string, Endpoint<Kind>>>>;
type Endpoints = { readonly [Kind in RouteKind]: Methods<Kind> };

/** Every endpoint of the registry API with the methods it knows and what each needs; lists have no `HEAD`, as in registry:2. */
export const ENDPOINTS: Endpoints = {
  base: {
    GET: { needs: NEEDS.signIn, handle: sendPing },
    HEAD: { needs: NEEDS.signIn, handle: sendPing },
  },
  catalog: { GET: { needs: NEEDS.list, handle: sendCatalog } },
  extensions: { GET: { needs: NEEDS.signIn, handle: sendExtensions } },
  tags: { GET: { needs: NEEDS.pull, handle: sendTags } },
  manifest: {
    GET: { needs: NEEDS.pullReference, handle: sendManifest },
    HEAD: { needs: NEEDS.pullReference, handle: sendManifest },
    PUT: { needs: NEEDS.push, handle: receiveManifest },
    DELETE: { needs: NEEDS.deleteReference, handle: removeManifest },
  },
  blob: {
    GET: { needs: NEEDS.pull, handle: sendBlob },
    HEAD: { needs: NEEDS.pull, handle: sendBlob },
    DELETE: { needs: NEEDS.delete, handle: removeBlob },
  },
  uploads: { POST: { needs: NEEDS.push, handle: startBlobUpload } },
  upload: {
    GET: { needs: NEEDS.push, handle: sendUploadStatus },
    HEAD: { needs: NEEDS.push, handle: sendUploadStatus },
    PATCH: { needs: NEEDS.push, handle: receiveChunk },
    PUT: { needs: NEEDS.push, handle: finishBlobUpload },
    DELETE: { needs: NEEDS.push, handle: cancelBlobUpload },
  },
  referrers: { GET: { needs: NEEDS.pull, handle: sendReferrers } },
};

/**
 * The route as it is worked with. What is no name or digest is told to whom has got in.
 * @throws RegistryError `name-invalid`, `digest-invalid`, `tag-invalid`, `unauthorized`, `token-invalid`
 */
export function readRoute(route: Route, caller: Caller): ParsedRoute {
  try {
    return parseRoute(route);
  } catch (error) {
    const path = "name" in route ? route.name : "";
    if (!mayPull(caller, path)) requireLetIn(caller, NEEDS.signIn);
    throw error;
  }
}

/** @throws RegistryError `method-not-allowed`, or why the caller may not do it */
export function dispatch(exchange: Exchange): Soon<Answer> {
  const { request, route } = exchange;
  const { method } = request;
  const endpoint = (ENDPOINTS[route.kind] as Methods)[method];
  if (endpoint)
    return method === "GET" || method === "HEAD" ? answer(exchange, endpoint) : answerChange(exchange, endpoint);
  requireLetIn(exchange.caller, NEEDS.signIn);
  const { registry } = exchange;
  return whenThere(findMaintenance(registry), (maintenance) => {
    const allow = allowedMethods(route, maintenance ? { ...registry.options, readOnly: true } : registry.options);
    if (method === "OPTIONS") return emptyAnswer(200, { Allow: allow });
    throw methodNotAllowed(method, allow);
  });
}

/** By the name that was asked for, or if nothing comes of that perhaps by the one that it leads to. */
function answer(exchange: Exchange, endpoint: Endpoint): Soon<Answer> {
  // Of what there is not, there is an empty list.
  if (exchange.route.kind === "referrers") return answerReferrers(exchange, endpoint);
  try {
    const made = answerAsNamed(exchange, endpoint);
    return made instanceof Promise ? made.catch((error: unknown) => answerMoved(exchange, endpoint, error)) : made;
  } catch (error) {
    return answerMoved(exchange, endpoint, error);
  }
}

async function answerMoved(exchange: Exchange, endpoint: Endpoint, error: unknown): Promise<Answer> {
  const moved = await afterFailure(exchange, endpoint.needs, error);
  if (!moved) throw error;
  return endpoint.handle(moved);
}

async function answerReferrers(exchange: Exchange, endpoint: Endpoint): Promise<Answer> {
  const moved = await byNewName(exchange, endpoint.needs);
  return moved ? endpoint.handle(moved) : answerAsNamed(exchange, endpoint);
}

function answerAsNamed(exchange: Exchange, endpoint: Endpoint): Soon<Answer> {
  return whenThere(requireAccess(exchange, endpoint.needs), (access) =>
    access === "granted" ? endpoint.handle(exchange) : answerUnseen(exchange, endpoint),
  );
}

async function answerChange(exchange: Exchange, endpoint: Endpoint): Promise<Answer> {
  // A browser asks before it sends what another page wants, but not before a POST; and it sends the password that it knows.
  if (exchange.request.method === "POST" && isFromAnotherSite(exchange.request))
    throw new RegistryError("denied", "the request comes from a page of another site");
  try {
    return await answer(exchange, endpoint);
  } catch (error) {
    await recordRefusal(exchange, error);
    throw error;
  }
}

/** The very answer that comes where there is no such repository, as there is none in an empty registry. */
async function answerUnseen(exchange: Exchange, { handle }: Endpoint): Promise<Answer> {
  return handle({ ...exchange, registry: await exchange.emptyRegistry() });
}

/** What `Allow` says of an endpoint, as the registry is configured, and `readOnly` also while it is switched to that. */
export function allowedMethods(
  { kind }: Pick<Route, "kind">,
  options: Pick<RegistryOptions, "readOnly" | "deleteEnabled">,
): string {
  const isPossible = (method: string) =>
    method === "GET" ||
    method === "HEAD" ||
    (!options.readOnly && (method !== "DELETE" || options.deleteEnabled || kind === "upload"));
  return Object.keys(ENDPOINTS[kind]).filter(isPossible).sort().join(", ");
}

/** @spec OCI distribution-spec, end-1 */
function sendPing(): Answer {
  return jsonAnswer({});
}

/** @spec OCI distribution-spec, extensions, "Extension API Discovery": none are offered */
function sendExtensions(): Answer {
  return jsonAnswer({ extensions: [] });
}
