import * as openid from "openid-client";
import type { Clock, SafeFetch } from "../../runtime/index.ts";
import { providerUnavailable } from "./provider-problem.ts";

const FRESH_MS = 3_600_000;
/** A provider that is down is not asked at each request. */
const RETRY_MS = 5000;

export interface DiscoveryParts {
  readonly issuer: string;
  readonly allowHttp: boolean;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly fetch: SafeFetch;
  readonly clock: Clock;
}

/** What a provider says of itself, asked for when it is needed first, and again after an hour or a failure. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  #found: { readonly configuration: openid.Configuration; readonly atMs: number } | undefined;
  #running: Promise<openid.Configuration> | undefined;
  #failure: { readonly error: unknown; readonly atMs: number } | undefined;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** @throws RegistryError `unavailable` */
  async configuration(): Promise<openid.Configuration> {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#found && nowMs - this.#found.atMs < FRESH_MS) return this.#found.configuration;
    try {
      return await this.#refresh(nowMs);
    } catch (error) {
      // What it said before will do until it is back.
      if (this.#found) return this.#found.configuration;
      throw providerUnavailable(error);
    }
  }

  #refresh(nowMs: number): Promise<openid.Configuration> {
    const failure = this.#failure;
    if (failure && Math.abs(nowMs - failure.atMs) < RETRY_MS) return Promise.reject(failure.error);
    this.#running ??= this.#discover(nowMs).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #discover(nowMs: number): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret, allowHttp, fetch } = this.#parts;
    const authentication = clientSecret === undefined ? openid.None() : authenticateWith(clientSecret);
    try {
      const configuration = await openid.discovery(new URL(issuer), clientId, undefined, authentication, {
        [openid.customFetch]: fetch as openid.CustomFetch,
        // The ID token's signature counts, although it comes over TLS from the provider itself.
        // oxlint-disable-next-line typescript/no-deprecated -- marked so to be seen; it has to be asked for
        execute: [openid.enableNonRepudiationChecks, ...(allowHttp ? [openid.allowInsecureRequests] : [])],
      });
      this.#found = { configuration, atMs: nowMs };
      this.#failure = undefined;
      return configuration;
    } catch (error) {
      this.#failure = { error, atMs: nowMs };
      throw error;
    }
  }
}

/** As the provider prefers it; what one says nothing of is Basic. @spec OpenID Connect Discovery 1.0, 3 */
function authenticateWith(secret: string): openid.ClientAuth {
  const [basic, post] = [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const authenticate =
      !methods.includes("client_secret_basic") && methods.includes("client_secret_post") ? post : basic;
    authenticate(server, client, body, headers);
  };
}
