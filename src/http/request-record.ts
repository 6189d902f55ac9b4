import type { RegistryError } from "../oci/index.ts";
import type { Answer } from "./answer.ts";
import { ENDPOINT_NAMES, type Route } from "./v2/match-route.ts";
import type { Visit } from "./visit.ts";

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
  /** The metric label: one of `ENDPOINT_NAMES`, a door's, or `other`. */
  readonly handler: string;
  readonly status: number;
  readonly requestBytes: number;
  /** Of a blob, as many as came, also where the request failed; 0 for any other body. */
  readonly receivedBytes: number;
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
  /** Has `tell` called if the client goes away before the answer has left; to be asked before the answer is given. */
  readonly whenCut: (tell: () => void) => void;
}

/** The metric label of a request. @param route absent: it is for nothing of the registry API */
export function handlerNameOf(route: Route | undefined): string {
  return route ? ENDPOINT_NAMES[route.kind].metric : "other";
}

/** What only a log wants is read when it asks for it. */
export function recordOf(visit: Visit, answer: Answer, error: RegistryError | undefined): RequestRecord {
  const { request, client, destination, transfer } = visit;
  const { headers } = answer;
  const route = destination?.route;
  return {
    requestId: client.requestId,
    startedAtMs: visit.startedAtMs,
    durationMs: visit.elapsedMs(),
    method: request.method,
    target: visit.target,
    httpVersion: "HTTP/1.1",
    host: client.host,
    get remoteAddress() {
      return client.address ?? "";
    },
    get userAgent() {
      return request.headers.get("user-agent") ?? "";
    },
    get referer() {
      return request.headers.get("referer") ?? "";
    },
    handler: destination?.handler ?? handlerNameOf(undefined),
    status: answer.status,
    requestBytes: transfer.receivedBytes || Number.parseInt(request.headers.get("content-length") ?? "0", 10),
    receivedBytes: transfer.receivedBytes,
    responseBytes: Number(headers["Content-Length"] ?? 0),
    responseContentType: headers["Content-Type"] ?? "",
    user: visit.principal.name,
    repository: route && "name" in route ? route.name : undefined,
    reference: route?.kind === "manifest" ? route.reference : undefined,
    digest: headers["Docker-Content-Digest"] ?? (route && "digest" in route ? route.digest : undefined),
    uploadId: route?.kind === "upload" ? route.id : undefined,
    error,
    whenCut: (tell) => request.signal.addEventListener("abort", tell, { once: true }),
  };
}

/** How many bytes of body the answer had: the ones that it announces are not sent for `HEAD`, nor with 204 and 304. */
export function sentBodyBytes(record: RequestRecord): number {
  const isEmpty = record.method === "HEAD" || record.status === 204 || record.status === 304;
  return isEmpty ? 0 : record.responseBytes;
}
