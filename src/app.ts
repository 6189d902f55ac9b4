import { randomBytes, randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { type Authenticator, createHtpasswdIfMissing, HtpasswdAuthenticator, openToAll } from "./auth/index.ts";
import { type Config, formatAddress } from "./config/index.ts";
import { createRequestHandler, type Edge } from "./http/index.ts";
import { openSqlite } from "./metadata/index.ts";
import { createRegistry } from "./registry/index.ts";
import { createHashPool, systemClock } from "./runtime/index.ts";
import { openStorage } from "./storage/index.ts";

/** A registry that serves. */
export interface App {
  /** For the person who started it: where it listens, where the data is, how to push. */
  readonly greeting: string;
  /** Lets running requests end within the configured time, then closes everything. */
  stop(): Promise<void>;
}

/** Builds the running system from its configuration: the only file that knows every concrete part. */
export async function startApp(config: Config, _env: Readonly<Record<string, string | undefined>>): Promise<App> {
  const storage = await openStorage(config.storage.driver, { clock: systemClock });
  const metadata = await openSqlite(config.database.path);
  const hashPool = createHashPool({ workers: Math.min(4, availableParallelism()) });
  const registry = createRegistry({
    metadata,
    storage,
    hashPool,
    clock: systemClock,
    newId: randomUUID,
    options: registryOptions(config),
  });
  const authenticator = await openAuthenticator(config);
  const edge: Edge = {
    registry,
    authenticator,
    options: httpOptions(config),
    clock: systemClock,
    newRequestId: randomUUID,
    pages: new Map([
      ["/", { isOpen: true, respond: () => new Response(null, { headers: { "Cache-Control": "no-cache" } }) }],
      ["/livez", { isOpen: true, respond: () => new Response("{}") }],
    ]),
    findFault: () => undefined,
    observe: () => undefined,
  };
  const handle = createRequestHandler(edge);
  const { address } = config.http;
  const server = Bun.serve({
    ...("unixSocketPath" in address
      ? { unix: address.unixSocketPath }
      : { hostname: address.hostname || "::", port: address.port }),
    development: false,
    maxRequestBodySize: 2 ** 48,
    idleTimeout: 60,
    fetch: (request: Request, server: Bun.Server<undefined>) =>
      handle(request, {
        remoteAddress: server.requestIP(request)?.address ?? "",
        tls: false,
        expectLongTransfer: () => undefined,
      }),
  } as never);
  return {
    greeting: `berth listens on ${formatAddress(address)}\n`,
    async stop() {
      await server.stop();
      authenticator.close();
      await hashPool.close();
      await metadata.close();
      await storage.close();
    },
  };
}

function registryOptions(config: Config) {
  const { validation } = config;
  return {
    readOnly: config.storage.readOnly,
    deleteEnabled: config.storage.deleteEnabled,
    maxBlobBytes: config.http.limits.maxBlobBytes ?? 0,
    validation: {
      enabled: !validation.disabled,
      allowedUrls: validation.urls.allow,
      deniedUrls: validation.urls.deny,
      requiredPlatforms:
        validation.indexPlatforms.kind === "list"
          ? validation.indexPlatforms.platforms
          : validation.indexPlatforms.kind,
    },
  };
}

function httpOptions(config: Config) {
  const { http } = config;
  return {
    prefix: http.prefix,
    publicOrigin: http.host,
    relativeUrls: http.relativeUrls,
    headers: Object.fromEntries(Object.entries(http.headers).map(([name, values]) => [name, values.join(", ")])),
    trustedProxies: http.trustedProxies,
    maxCatalogEntries: config.catalog.maxEntries,
    maxTags: config.tags.maxTags,
    amd64Fallback: config.compatibility.amd64Fallback,
    metricsPath: http.metrics.enabled ? http.metrics.path : undefined,
  };
}

async function openAuthenticator(config: Config): Promise<Authenticator> {
  if (config.auth.kind === "none") return openToAll;
  const password = randomBytes(18).toString("base64url");
  if (await createHtpasswdIfMissing(config.auth.path, password)) void password;
  return new HtpasswdAuthenticator(config.auth, randomBytes(32), () => undefined);
}
