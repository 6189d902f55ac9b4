import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { readFile } from "node:fs/promises";
import type { Clock, SafeFetch } from "../../runtime/index.ts";
import type { Discovery } from "./discovery.ts";
import type { WorkloadIssuerOptions } from "./options.ts";
import { providerUnavailable } from "./provider-problem.ts";

/** A failure is remembered for this long: a token that nobody signed must not make us ask at each try. */
const RETRY_MS = 5000;

export interface KeysParts {
  readonly fetch: SafeFetch;
  readonly clock: Clock;
  /** A key that is not known is asked for no sooner than this after the last time. */
  readonly cooldownMs: number;
}

/** The keys at a URL, asked for when they are needed, again after ten minutes, and when a token names one that is not there. */
function keysAt(jwksUri: string, { fetch, clock, cooldownMs }: KeysParts): JWTVerifyGetKey {
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: cooldownMs,
    timeoutDuration: 30_000,
    [customFetch]: async (url, init) => {
      const nowMs = clock.nowMs();
      if (failure && Math.abs(nowMs - failure.atMs) < RETRY_MS) throw failure.error;
      try {
        const response = await fetch(url, init);
        failure = response.ok ? undefined : { error: new Error(`${url} answers ${response.status}`), atMs: nowMs };
        return response;
      } catch (error) {
        failure = { error, atMs: nowMs };
        throw error;
      }
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      throw error === failure?.error ? providerUnavailable(error) : error;
    }
  };
}

/** The keys in a file as it is now. */
function keysInFile(path: string): JWTVerifyGetKey {
  return async (header, token) => {
    let keys: JWTVerifyGetKey;
    try {
      keys = createLocalJWKSet(JSON.parse(await readFile(path, "utf8")) as JSONWebKeySet);
    } catch (error) {
      throw providerUnavailable(error);
    }
    return keys(header, token);
  };
}

/** The keys of an issuer, from where its options say or else its discovery document. */
export function keysOfIssuer(options: WorkloadIssuerOptions, discovery: Discovery, parts: KeysParts): JWTVerifyGetKey {
  if (options.jwksPath !== undefined) return keysInFile(options.jwksPath);
  if (options.jwksUri !== undefined) return keysAt(options.jwksUri, parts);
  return keysByDiscovery(discovery, parts);
}

/** The keys where the discovery document says that they are, also when it says something else one day. */
export function keysByDiscovery(discovery: Discovery, parts: KeysParts): JWTVerifyGetKey {
  let known: { readonly uri: string; readonly keys: JWTVerifyGetKey } | undefined;
  return async (header, token) => {
    const uri = (await discovery.configuration()).serverMetadata().jwks_uri;
    if (uri === undefined) throw providerUnavailable(new Error("its discovery document has no jwks_uri"));
    if (known?.uri !== uri) known = { uri, keys: keysAt(uri, parts) };
    return known.keys(header, token);
  };
}
