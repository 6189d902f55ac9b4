import { RegistryError } from "../oci/index.ts";

/** Path and query of a URL; without a usable `Host` header Bun gives those alone, and for `CONNECT` no path at all. */
export function targetOf(url: string): string {
  if (url.startsWith("/")) return url;
  const start = url.indexOf("/", "https://".length);
  return start < 0 ? "/" : url.slice(start);
}

/** Path of a target, as sent. */
export function pathOf(target: string): string {
  const queryStart = target.indexOf("?");
  return queryStart < 0 ? target : target.slice(0, queryStart);
}

/** Nearly every request has none; nobody changes it. */
const NO_QUERY = new URLSearchParams();

/** Query of a target, decoded. */
export function queryOf(target: string): URLSearchParams {
  const queryStart = target.indexOf("?");
  return queryStart < 0 ? NO_QUERY : new URLSearchParams(target.slice(queryStart));
}

/** @throws RegistryError `bad-request` */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new RegistryError("bad-request", "the path is not percent-encoded UTF-8", { cause: error });
  }
}
