import { HttpError } from "../http-error.ts";
import { jsonResponse } from "../json-response.ts";
import { removeBlob, sendBlob } from "./blobs.ts";
import type { Exchange } from "./exchange.ts";
import { sendCatalog, sendReferrers, sendTags } from "./listings.ts";
import { receiveManifest, removeManifest, sendManifest } from "./manifests.ts";
import type { Route, RouteKind } from "./match-route.ts";
import { cancelBlobUpload, finishBlobUpload, receiveChunk, sendUploadStatus, startBlobUpload } from "./uploads.ts";

type Handler<R extends Route> = (exchange: Exchange, route: R) => Response | Promise<Response>;
type Methods<R extends Route> = Readonly<Partial<Record<string, Handler<R>>>>;
type Endpoints = { readonly [Kind in RouteKind]: Methods<Extract<Route, { kind: Kind }>> };

/** Every endpoint of the registry API with the methods it knows. `HEAD` goes the way of `GET`, without bytes. */
const ENDPOINTS: Endpoints = {
  base: { GET: sendPing, HEAD: sendPing },
  catalog: { GET: sendCatalog },
  extensions: { GET: sendExtensions },
  tags: { GET: sendTags },
  manifest: { GET: sendManifest, HEAD: sendManifest, PUT: receiveManifest, DELETE: removeManifest },
  blob: { GET: sendBlob, HEAD: sendBlob, DELETE: removeBlob },
  uploads: { POST: startBlobUpload },
  upload: {
    GET: sendUploadStatus,
    HEAD: sendUploadStatus,
    PATCH: receiveChunk,
    PUT: finishBlobUpload,
    DELETE: cancelBlobUpload,
  },
  referrers: { GET: sendReferrers },
};

/** @throws HttpError `method-not-allowed` */
export function dispatch(exchange: Exchange, route: Route): Response | Promise<Response> {
  const { method } = exchange.request;
  const methods = ENDPOINTS[route.kind] as Methods<Route>;
  const handler = methods[method];
  if (handler) return handler(exchange, route);
  const allow = Object.keys(methods).sort().join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 200, headers: { Allow: allow } });
  throw new HttpError("method-not-allowed", `${method} is not possible here; possible are ${allow}`, { Allow: allow });
}

/** @spec OCI distribution-spec, end-1 */
function sendPing(): Response {
  return jsonResponse({});
}

/** @spec OCI distribution-spec, extensions, "Extension API Discovery": none are offered */
function sendExtensions(): Response {
  return jsonResponse({ extensions: [] });
}
