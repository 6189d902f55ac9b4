import type { CertificateHeaderOptions } from "../auth/index.ts";

export type { Rate, RateLimitOptions } from "./rate-limits/options.ts";
export type { AcmeOptions, TlsOptions } from "./tls/options.ts";

/** How the registry shows itself at the edge. */
export interface HttpOptions {
  /** In front of every path, with a slash at both ends; `/` for none. */
  readonly prefix: string;
  /** Scheme and host that clients use, such as `https://registry.example`; forces `Location`. */
  readonly publicOrigin: string | undefined;
  /** `Location` without scheme and host. */
  readonly relativeUrls: boolean;
  /** Added to every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Their forwarded headers are believed; nobody else's are. */
  readonly trustedProxies: readonly string[];
  /** How trusted proxies pass on their clients' certificates; absent: they do not. */
  readonly certificateHeader?: CertificateHeaderOptions | undefined;
  readonly maxCatalogEntries: number;
  readonly maxTags: number;
  /** Answers a manifest list with its linux/amd64 image where the client does not say that it takes lists. */
  readonly amd64Fallback: boolean;
}
