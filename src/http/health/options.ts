interface Pace {
  readonly intervalMs: number;
  /** How many failures in a row make it unhealthy; 1 or more. */
  readonly threshold: number;
}

interface Bounded {
  /** 0: none but the one that every check has, 30 seconds. */
  readonly timeoutMs: number;
}

/** What is looked at while the registry runs; while one fails, it answers every request with 503, as registry:2. */
export interface HealthOptions {
  readonly storageDriver: Pace & { readonly enabled: boolean };
  /** Unhealthy while the file exists. */
  readonly files: readonly (Pace & { readonly path: string })[];
  /** Unhealthy unless `HEAD` of the URL has the status. */
  readonly http: readonly (Pace &
    Bounded & {
      readonly url: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly statusCode: number;
    })[];
  /** Unhealthy unless the address accepts a connection. */
  readonly tcp: readonly (Pace &
    Bounded & { readonly address: { readonly hostname: string; readonly port: number } })[];
}
