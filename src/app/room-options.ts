import type { Config } from "../config/index.ts";
import { canonicalHeaderName, type HttpOptions } from "../http/index.ts";
import type { RegistryOptions } from "../registry/index.ts";

/** The part of the configuration that the rules of push and pull need. */
export function registryOptions(config: Config): RegistryOptions {
  const { storage, validation, http } = config;
  const { indexPlatforms } = validation;
  return {
    readOnly: storage.readOnly,
    deleteEnabled: storage.deleteEnabled,
    isAudited: config.audit.enabled,
    binKeepMs: storage.binKeepMs,
    garbageWindowMs: storage.collection.windowMs,
    inUseKeepMs: storage.inUseKeepMs,
    maxBlobBytes: http.limits.maxBlobBytes ?? 0,
    validation: {
      enabled: !validation.disabled,
      allowedUrls: validation.urls.allow,
      deniedUrls: validation.urls.deny,
      requiredPlatforms: indexPlatforms.kind === "list" ? indexPlatforms.platforms : indexPlatforms.kind,
    },
  };
}

/** The part of the configuration that the registry API needs. */
export function httpOptions(config: Config): HttpOptions {
  const { auth, http } = config;
  return {
    prefix: http.prefix,
    publicOrigin: http.host,
    relativeUrls: http.relativeUrls,
    headers: {
      ...SECURITY_HEADERS,
      ...joinedHeaders(http.headers),
    },
    trustedProxies: http.trustedProxies,
    certificateHeader: auth.kind === "accounts" ? auth.clientCertificates?.header : undefined,
    maxCatalogEntries: config.catalog.maxEntries,
    maxTags: config.tags.maxTags,
    amd64Fallback: config.compatibility.amd64Fallback,
  };
}

/** What somebody pushed must never run in a browser as a page of this host. `http.headers` may replace each of them. */
const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "Referrer-Policy": "no-referrer",
};

function joinedHeaders(headers: Config["http"]["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [canonicalName(name), values.join(", ")]));
}

/** `x-content-type-options` replaces `X-Content-Type-Options`. */
function canonicalName(name: string): string {
  const lowerCase = name.toLowerCase();
  return Object.keys(SECURITY_HEADERS).find((ours) => ours.toLowerCase() === lowerCase) ?? canonicalHeaderName(name);
}
