import { readFileSync } from "node:fs";
import { createSafeFetch, FileError, type SafeFetch } from "../../runtime/index.ts";
import type { IssuerAccess } from "./options.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Makes the way by which one provider is asked.
 * @param bearerTokenPath a file with a token that is sent along; it is read each time, as such tokens are short-lived
 * @throws FileError
 */
export function askIssuer(access: IssuerAccess, bearerTokenPath?: string): SafeFetch {
  const fetch = createSafeFetch({
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    allowHttp: access.allowHttp,
    allowedNetworks: access.privateNetworks,
    ca: readAuthorities(access),
  });
  if (bearerTokenPath === undefined) return fetch;
  return (url, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${readFileSync(bearerTokenPath, "utf8").trim()}`);
    return fetch(url, { ...init, headers });
  };
}

function readAuthorities({ caPath, issuer }: IssuerAccess): string | undefined {
  if (caPath === undefined) return undefined;
  try {
    return readFileSync(caPath, "utf8");
  } catch (cause) {
    throw new FileError(`the authorities of ${issuer}`, cause);
  }
}
