import type { RegistryError } from "../oci/index.ts";

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
