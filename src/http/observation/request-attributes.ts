import { type RequestRecord, sentBodyBytes } from "../request-record.ts";
import { pathOf } from "../request-target.ts";
import { ENDPOINT_NAMES } from "../v2/match-route.ts";
import { maskTarget } from "./mask-target.ts";
import type { SpanAttributes } from "./tracing.ts";

const METHODS = new Set(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"]);

const ROUTES = new Map(Object.values(ENDPOINT_NAMES).map(({ metric, path }) => [metric, path]));

/** A name that many requests share: the method and, where one was found, the route. */
export function spanName(record: RequestRecord): string {
  const method = METHODS.has(record.method) ? record.method : "HTTP";
  const route = ROUTES.get(record.handler);
  return route === undefined ? method : `${method} ${route}`;
}

/** @spec OpenTelemetry Semantic Conventions, "HTTP server span" */
export function requestAttributes(record: RequestRecord): SpanAttributes {
  const { method, target, handler } = record;
  const path = pathOf(target);
  const isKnown = METHODS.has(method);
  return definedOnly({
    "http.request.method": isKnown ? method : "_OTHER",
    "http.request.method_original": isKnown ? undefined : method,
    "http.route": ROUTES.get(handler),
    "http.response.status_code": record.status,
    "http.request.body.size": record.requestBytes,
    "http.response.body.size": sentBodyBytes(record),
    "url.path": path,
    "url.query": maskTarget(target).slice(path.length + 1),
    "server.address": record.host,
    "client.address": record.remoteAddress,
    "user_agent.original": record.userAgent,
    "network.protocol.version": record.httpVersion.replace(/^HTTP\//, ""),
    "error.type": record.status >= 500 ? (record.error?.kind ?? String(record.status)) : undefined,
    "enduser.id": record.user,
    "berth.request.id": record.requestId,
    "berth.repository": record.repository,
    "berth.reference": record.reference,
    "berth.digest": record.digest,
    "berth.upload.id": record.uploadId,
  });
}

function definedOnly(attributes: Record<string, string | number | undefined>): SpanAttributes {
  const defined: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== "") defined[name] = value;
  return defined;
}
