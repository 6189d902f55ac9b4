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
