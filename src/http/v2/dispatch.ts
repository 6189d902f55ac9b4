import { RegistryError } from "../../oci/index.ts";
import type { RegistryOptions } from "../../registry/index.ts";
import type { Soon } from "../../runtime/index.ts";
import { type Answer, emptyAnswer, jsonAnswer } from "../answer.ts";
import { removeBlob, sendBlob } from "./blobs.ts";
import type { Exchange } from "./exchange.ts";
import { sendCatalog, sendReferrers, sendTags } from "./listings.ts";
import { receiveManifest, removeManifest, sendManifest } from "./manifests.ts";
import type { Route, RouteKind } from "./match-route.ts";
import { cancelBlobUpload, finishBlobUpload, receiveChunk, sendUploadStatus, startBlobUpload } from "./uploads.ts";

type Handler<R extends Route> = (exchange: Exchange, route: R) => Soon<Answer>;
type Methods<R extends Route> = Readonly<Partial<Record<string, Handler<R>>>>;
type Endpoints = { readonly [Kind in RouteKind]: Methods<Extract<Route, { kind: Kind }>> };

/** Every endpoint of the registry API with the methods it knows; lists have no `HEAD`, as in registry:2. */
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

/** @throws RegistryError `method-not-allowed` */
export function dispatch(exchange: Exchange, route: Route): Soon<Answer> {
  const { method } = exchange.request;
  const handler = (ENDPOINTS[route.kind] as Methods<Route>)[method];
  if (handler) return handler(exchange, route);
  const allow = allowedMethods(route, exchange.registry.options);
  if (method === "OPTIONS") return emptyAnswer(200, { Allow: allow });
  throw new RegistryError("method-not-allowed", `${method} is not possible here; possible are ${allow}`);
}

/** What `Allow` says of an endpoint, as the registry is configured. */
export function allowedMethods(route: Route, options: Pick<RegistryOptions, "readOnly" | "deleteEnabled">): string {
  const isPossible = (method: string) =>
    method === "GET" ||
    method === "HEAD" ||
    (!options.readOnly && (method !== "DELETE" || options.deleteEnabled || route.kind === "upload"));
  return Object.keys(ENDPOINTS[route.kind]).filter(isPossible).sort().join(", ");
}

/** @spec OCI distribution-spec, end-1 */
function sendPing(): Answer {
  return jsonAnswer({});
}

/** @spec OCI distribution-spec, extensions, "Extension API Discovery": none are offered */
function sendExtensions(): Answer {
  return jsonAnswer({ extensions: [] });
}
