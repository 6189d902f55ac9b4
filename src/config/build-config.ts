import { buildAudit } from "./build-audit.ts";
import { buildClientCertificates } from "./build-client-certificates.ts";
import { buildRateLimits } from "./build-rate-limits.ts";
import { buildLdap } from "./build-ldap.ts";
import { buildOidc, buildSessions, buildWorkloads } from "./build-oidc.ts";
import { buildToken } from "./build-token.ts";
import { buildTls } from "./build-tls.ts";
import type {
  AccountsConfig,
  AuthConfig,
  Config,
  HealthConfig,
  HttpConfig,
  StorageConfig,
  ValidationConfig,
} from "./config.ts";
import type { Settings } from "./keys/index.ts";
import { parseHostPort } from "./values/index.ts";

/** Gives checked settings the names and shapes that the program works with. */
export function buildConfig(settings: Settings): Config {
  const { log, catalog, tags } = settings;
  return {
    log: {
      level: log.level,
      formatter: log.formatter,
      fields: log.fields,
      accessLogEnabled: !log.accesslog.disabled,
    },
    storage: buildStorage(settings.storage),
    database: { path: settings.database.path ?? ":memory:" },
    auth: buildAuth(settings.auth),
    audit: buildAudit(settings.audit),
    jobs: { historyMs: settings.jobs.history },
    http: buildHttp(settings.http),
    health: buildHealth(settings.health),
    catalog: { maxEntries: catalog.maxentries },
    tags: { maxTags: tags.maxtags },
    validation: buildValidation(settings.validation),
    compatibility: { amd64Fallback: settings.compatibility.amd64fallback },
  };
}

function buildStorage(storage: Settings["storage"]): StorageConfig {
  const { filesystem, maintenance } = storage;
  const { uploadpurging: purging, gc, retention, history, bin, inuse, scrub, usage } = maintenance;
  return {
    driver: filesystem ? { kind: "filesystem", rootDirectory: filesystem.rootdirectory } : { kind: "inmemory" },
    deleteEnabled: storage.delete.enabled,
    readOnly: maintenance.readonly.enabled,
    // What is in memory goes together with what describes it.
    isSelfDescribing: storage.selfdescribing && filesystem !== undefined,
    uploadPurging: {
      enabled: purging.enabled,
      ageMs: purging.age,
      intervalMs: purging.interval,
      dryRun: purging.dryrun,
    },
    collection: {
      enabled: gc.enabled,
      intervalMs: gc.interval,
      schedule: gc.schedule,
      windowMs: gc.window,
      untagged: gc.untagged,
    },
    retention: { enabled: retention.enabled, intervalMs: retention.interval, schedule: retention.schedule },
    measuring: { enabled: usage.enabled, intervalMs: usage.interval, schedule: usage.schedule },
    binKeepMs: bin.keep,
    inUseKeepMs: inuse.keep,
    history: {
      enabled: true,
      intervalMs: history.interval,
      schedule: history.schedule,
      keepMs: history.keep,
      keepChanges: history.changes,
    },
    scrubbing: {
      enabled: scrub.enabled,
      intervalMs: scrub.interval,
      schedule: scrub.schedule,
      bytesPerSecond: scrub.rate,
    },
  };
}

function buildAuth(auth: Settings["auth"]): AuthConfig {
  const { htpasswd, accounts, token } = auth;
  if (accounts) return { kind: "accounts", ...buildAccounts(auth, accounts) };
  if (token) return { kind: "token", ...buildToken(token) };
  return htpasswd ? { kind: "htpasswd", realm: htpasswd.realm, path: htpasswd.path } : { kind: "none" };
}

const ALGORITHMS = { es256: "ES256", eddsa: "EdDSA" } as const;

function buildAccounts(
  { htpasswd, clientcertificates, ldap, oidc, workloads, sessions }: Settings["auth"],
  { passwords, externalcache, tokens }: NonNullable<Settings["auth"]["accounts"]>,
): AccountsConfig {
  const { service, issuer, realm, lifetime, algorithm } = tokens;
  return {
    htpasswdPath: htpasswd?.path,
    clientCertificates: buildClientCertificates(clientcertificates),
    ldap: buildLdap(ldap),
    oidc: buildOidc(oidc),
    workloads: buildWorkloads(workloads),
    sessions: buildSessions(sessions),
    passwords: { minLength: passwords.minlength },
    externalCacheMs: externalcache,
    tokens: { service, issuer, realm, lifetimeMs: lifetime, algorithm: ALGORITHMS[algorithm] },
  };
}

function buildHttp(http: Settings["http"]): HttpConfig {
  const { debug, limits } = http;
  return {
    address: http.net === "unix" ? { unixSocketPath: http.addr } : parseHostPort(http.addr),
    prefix: http.prefix,
    host: http.host,
    relativeUrls: http.relativeurls,
    secret: http.secret,
    processes: http.processes,
    drainTimeoutMs: http.draintimeout,
    headers: http.headers,
    trustedProxies: http.trustedproxies,
    tls: buildTls(http.tls),
    debug: debug.addr && { address: debug.addr, prometheus: debug.prometheus },
    limits: {
      idleTimeoutMs: limits.idletimeout,
      maxBlobBytes: limits.maxblobbytes === 0 ? undefined : limits.maxblobbytes,
    },
    rateLimits: buildRateLimits(http.ratelimits),
    metrics: buildMetrics(http.metrics),
  };
}

const NAMESPACES_IN_METRICS = 100;

/** Who signs in on the main address may know of some namespaces only. */
function buildMetrics({ namespaces, ...metrics }: Settings["http"]["metrics"]): HttpConfig["metrics"] {
  return { ...metrics, namespaces: namespaces ?? (metrics.enabled ? 0 : NAMESPACES_IN_METRICS) };
}

function buildHealth({ storagedriver, file, http, tcp }: Settings["health"]): HealthConfig {
  const pace = (check: { interval: number; threshold: number }) => ({
    intervalMs: check.interval,
    threshold: Math.max(1, check.threshold),
  });
  return {
    storageDriver: { enabled: storagedriver.enabled, ...pace(storagedriver) },
    files: file.map((check) => ({ path: check.file, ...pace(check) })),
    http: http.map((check) => ({
      url: check.uri,
      headers: check.headers,
      statusCode: check.statuscode,
      timeoutMs: check.timeout,
      ...pace(check),
    })),
    tcp: tcp.map((check) => ({ address: check.addr, timeoutMs: check.timeout, ...pace(check) })),
  };
}

function buildValidation({ disabled, manifests }: Settings["validation"]): ValidationConfig {
  const { platforms, platformlist } = manifests.indexes;
  return {
    disabled,
    urls: manifests.urls,
    indexPlatforms: platforms === "list" ? { kind: platforms, platforms: platformlist } : { kind: platforms },
  };
}
