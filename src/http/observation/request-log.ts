import { MetadataError } from "../../metadata/index.ts";
import { describeError, type Log, type LogFields, type LogLevel } from "../../runtime/index.ts";
import { type RequestRecord, sentBodyBytes } from "../request-record.ts";
import { maskTarget } from "./mask-target.ts";

/**
 * Logs one finished request on one line, with registry:2's field names and the id that the client was given; the error
 * that made the answer is on it, with its cause's stack when the fault is ours, as one of the database is.
 */
export function logRequest(log: Log, record: RequestRecord): void {
  const level = levelOf(record);
  if (!log.isEnabled(level)) return;
  const message = record.status >= 400 ? "response completed with error" : "response completed";
  log[level](message, requestFields(record));
}

/** An answer that every client asks for on its way, as the challenge and "not here yet", is no warning. */
function levelOf({ status, error }: RequestRecord): LogLevel {
  if (status >= 500) return "error";
  if (error?.kind === "login-failed") return "warn";
  return status < 400 || status === 401 || status === 404 ? "info" : "warn";
}

function requestFields(record: RequestRecord): LogFields {
  const fields: Record<string, unknown> = {
    "http.request.id": record.requestId,
    "http.request.method": record.method,
    "http.request.uri": maskTarget(record.target),
    "http.request.host": record.host,
    "http.request.remoteaddr": record.remoteAddress,
    "http.request.useragent": record.userAgent,
    "http.response.status": record.status,
    "http.response.written": sentBodyBytes(record),
    "http.response.duration": formatDuration(record.durationMs),
  };
  if (record.requestBytes > 0) fields["http.request.bytes"] = record.requestBytes;
  if (record.referer !== "") fields["http.request.referer"] = maskTarget(record.referer);
  if (record.responseContentType !== "") fields["http.response.contenttype"] = record.responseContentType;
  if (record.repository !== undefined) fields["vars.name"] = record.repository;
  if (record.reference !== undefined) fields["vars.reference"] = record.reference;
  if (record.digest !== undefined) fields["vars.digest"] = record.digest;
  if (record.uploadId !== undefined) fields["vars.uuid"] = record.uploadId;
  if (record.user !== undefined) fields["auth.user.name"] = record.user;
  if (record.error !== undefined) addError(fields, record.error, record.status);
  return fields;
}

function addError(fields: Record<string, unknown>, error: NonNullable<RequestRecord["error"]>, status: number): void {
  fields["err.code"] = error.kind.replaceAll("-", " ");
  fields["err.message"] = error.message;
  const detail = error.details.length === 1 ? error.details[0] : error.details;
  // Always text: a log store gives a field one type.
  if (detail !== null) fields["err.detail"] = typeof detail === "string" ? detail : JSON.stringify(detail);
  if (status < 500 && !(error.cause instanceof MetadataError)) return;
  if (error.cause !== undefined) fields["err.stack"] = describeError(error.cause);
  else if (error.kind === "internal") fields["err.stack"] = describeError(error);
}

/** As Go writes durations, to the microsecond: `5.067ms`, `75.2s`. */
function formatDuration(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs * 1000) / 1000}ms` : `${Math.round(durationMs) / 1000}s`;
}
