import type {
  ExternalTokenOptions,
  ClientCertificateOptions,
  LdapOptions,
  OidcProviderOptions,
  SessionOptions,
  TokenOptions,
  WorkloadOptions,
} from "../auth/options.ts";
import type { AuditOptions } from "../events/options.ts";
import type { RateLimitOptions, TlsOptions } from "../http/options.ts";
import type { StorageOptions } from "../storage/options.ts";
import type { LogLevel } from "./keys/index.ts";
import type { HostPort, ListenAddress } from "./values/index.ts";

/** The whole configuration, with defaults, parsed and deeply frozen. */
export interface Config {
  readonly log: LogConfig;
  readonly storage: StorageConfig;
  readonly database: {
    /** A file, or `:memory:`. */
    readonly path: string;
  };
  readonly auth: AuthConfig;
  readonly audit: AuditOptions;
  readonly jobs: { readonly historyMs: number };
  readonly http: HttpConfig;
  readonly health: HealthConfig;
  readonly catalog: { readonly maxEntries: number };
  readonly tags: { readonly maxTags: number };
  readonly validation: ValidationConfig;
  readonly compatibility: { readonly amd64Fallback: boolean };
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly formatter: "text" | "json" | "logstash";
  /** On every line. */
  readonly fields: Readonly<Record<string, string>>;
  readonly accessLogEnabled: boolean;
}

export interface StorageConfig {
  readonly driver: StorageOptions;
  /** Whether clients may delete. */
  readonly deleteEnabled: boolean;
  /** Whether push and delete are refused. */
  readonly readOnly: boolean;
  /** Whether what is in the database is written beside the blobs as well. */
  readonly isSelfDescribing: boolean;
  readonly uploadPurging: {
    readonly enabled: boolean;
    readonly ageMs: number;
    readonly intervalMs: number;
    readonly dryRun: boolean;
  };
  readonly collection: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Instead of the interval: as cron writes it. */
    readonly schedule: string | undefined;
    readonly windowMs: number;
    readonly untagged: "keep" | "remove";
  };
  readonly retention: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Instead of the interval. */
    readonly schedule: string | undefined;
  };
  /** How much namespaces hold. */
  readonly measuring: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Instead of the interval. */
    readonly schedule: string | undefined;
  };
  /** How long what clients delete can be had back; 0: not at all. */
  readonly binKeepMs: number;
  /** How long what a cluster runs is held while nothing more is heard of it. */
  readonly inUseKeepMs: number;
  readonly history: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Instead of the interval. */
    readonly schedule: string | undefined;
    /** 0: for good. */
    readonly keepMs: number;
    /** Of each tag; 0: no limit. */
    readonly keepChanges: number;
  };
  readonly scrubbing: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Instead of the interval: as cron writes it. */
    readonly schedule: string | undefined;
    /** 0: as fast as it goes. */
    readonly bytesPerSecond: number;
  };
}

export type AuthConfig =
  | { readonly kind: "none" }
  | { readonly kind: "htpasswd"; readonly realm: string; readonly path: string }
  | ({ readonly kind: "token" } & ExternalTokenOptions)
  | ({ readonly kind: "accounts" } & AccountsConfig);

export interface AccountsConfig {
  /** A password file whose users have accounts too. */
  readonly htpasswdPath: string | undefined;
  /** `undefined`: certificates of clients stand for nobody. */
  readonly clientCertificates: ClientCertificateOptions | undefined;
  /** Directories whose users have accounts too, in the order in which they are asked. */
  readonly ldap: readonly LdapOptions[];
  /** Providers that people sign in with in a browser. */
  readonly oidc: readonly OidcProviderOptions[];
  /** Whose jobs are taken for robots. */
  readonly workloads: WorkloadOptions;
  readonly sessions: SessionOptions;
  readonly passwords: { readonly minLength: number };
  /** How long what a directory said of a password holds. */
  readonly externalCacheMs: number;
  readonly tokens: TokensConfig;
}

export interface TokensConfig extends TokenOptions {
  /** A URL; `undefined`: `/token` of the address that a client uses. */
  readonly realm: string | undefined;
}

export interface HttpConfig {
  readonly address: ListenAddress;
  /** With a slash at both ends; `/` when there is none. */
  readonly prefix: string;
  /** `https://registry.example`, without a slash at the end: what clients see, when it is not the Host header. */
  readonly host: string | undefined;
  readonly relativeUrls: boolean;
  /** What other secrets are sealed with; `undefined`: one that is kept beside the database. */
  readonly secret: string | undefined;
  /** How many serve together. */
  readonly processes: number | "auto";
  readonly drainTimeoutMs: number;
  /** Added to every answer. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly trustedProxies: readonly string[];
  readonly tls: TlsOptions | undefined;
  readonly debug: DebugConfig | undefined;
  readonly limits: {
    /** At most 255,000. */
    readonly idleTimeoutMs: number;
    /** `undefined`: no limit. */
    readonly maxBlobBytes: number | undefined;
  };
  /** `undefined`: none. */
  readonly rateLimits: RateLimitOptions | undefined;
  /** On the main address. */
  readonly metrics: {
    readonly enabled: boolean;
    readonly path: string;
    /** How many are told apart in metrics, wherever those are read. */
    readonly namespaces: number;
  };
}

export interface DebugConfig {
  readonly address: HostPort;
  readonly prometheus: { readonly enabled: boolean; readonly path: string };
}

/** In all of it, `threshold` is the number of failures in a row, 1 or more, that makes it unhealthy. */
export interface HealthConfig {
  readonly storageDriver: { readonly enabled: boolean; readonly intervalMs: number; readonly threshold: number };
  /** Unhealthy while the file exists. */
  readonly files: readonly { readonly path: string; readonly intervalMs: number; readonly threshold: number }[];
  readonly http: readonly HttpCheck[];
  readonly tcp: readonly TcpCheck[];
}

export interface HttpCheck {
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly statusCode: number;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly threshold: number;
}

export interface TcpCheck {
  readonly address: HostPort;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly threshold: number;
}

export interface ValidationConfig {
  readonly disabled: boolean;
  readonly urls: { readonly allow: readonly RegExp[]; readonly deny: readonly RegExp[] };
  /** Which images of an index must be there when it is pushed. */
  readonly indexPlatforms:
    | { readonly kind: "all" | "none" }
    | { readonly kind: "list"; readonly platforms: readonly { readonly architecture: string; readonly os: string }[] };
}
