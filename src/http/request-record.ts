import type { RegistryError } from "../oci/index.ts";
import type { Answer } from "./answer.ts";
import type { ClientView } from "./forwarded.ts";
import type { Route } from "./v2/match-route.ts";

/** What one finished request was, for the access log, the structured log, the metrics and the trace. */
export interface RequestRecord {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly target: string;
  readonly httpVersion: string;
  readonly host: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly referer: string;
  /** registry:2's handler name, the metric label: `base`, `manifest`, `tags`, `blob`, `blob_upload`, `blob_upload_chunk`, `catalog`, `referrers`, `other`. */
  readonly handler: string;
  readonly status: number;
  readonly requestBytes: number;
  /** Body bytes of the answer as announced by `Content-Length`. */
  readonly responseBytes: number;
  readonly responseContentType: string;
  readonly user?: string | undefined;
  readonly repository?: string | undefined;
  readonly reference?: string | undefined;
  readonly digest?: string | undefined;
  readonly uploadId?: string | undefined;
  /** The error that made the answer, logged here and nowhere else. */
  readonly error?: RegistryError | undefined;
}

/** registry:2's names, so that dashboards made for it go on working. */
const HANDLER_NAMES: Readonly<Record<Route["kind"], string>> = {
  base: "base",
  catalog: "catalog",
  extensions: "extensions",
  tags: "tags",
  manifest: "manifest",
  blob: "blob",
  uploads: "blob_upload",
  upload: "blob_upload_chunk",
  referrers: "referrers",
};

export function handlerNameOf(route: Route | undefined): string {
  return route ? HANDLER_NAMES[route.kind] : "other";
}

/** What the edge knows of a request when its answer is made. */
export type RequestFacts = Pick<
  RequestRecord,
  "requestId" | "startedAtMs" | "durationMs" | "target" | "handler" | "user" | "error"
> & {
  readonly client: ClientView;
  readonly request: Pick<Request, "method" | "headers">;
  readonly route: Route | undefined;
  /** Of a blob, counted; 0 for what was not. */
  readonly receivedBytes: number;
};

/** What only a log wants is read when it asks for it. */
export function recordOf(facts: RequestFacts, answer: Answer): RequestRecord {
  const { request, client, route, receivedBytes } = facts;
  const { headers } = answer;
  return {
    requestId: facts.requestId,
    startedAtMs: facts.startedAtMs,
    durationMs: facts.durationMs,
    method: request.method,
    target: facts.target,
    httpVersion: "HTTP/1.1",
    host: client.host,
    get remoteAddress() {
      return client.remoteAddress;
    },
    get userAgent() {
      return request.headers.get("user-agent") ?? "";
    },
    get referer() {
      return request.headers.get("referer") ?? "";
    },
    handler: facts.handler,
    status: answer.status,
    requestBytes: receivedBytes || Number.parseInt(request.headers.get("content-length") ?? "0", 10),
    responseBytes: Number(headers["Content-Length"] ?? 0),
    responseContentType: headers["Content-Type"] ?? "",
    user: facts.user,
    repository: route && "name" in route ? route.name : undefined,
    reference: route?.kind === "manifest" ? route.reference : undefined,
    digest: headers["Docker-Content-Digest"] ?? (route && "digest" in route ? route.digest : undefined),
    uploadId: route?.kind === "upload" ? route.id : undefined,
    error: facts.error,
  };
}
