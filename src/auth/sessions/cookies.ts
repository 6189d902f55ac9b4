/** What a browser sent with a request, as far as cookies are concerned. */
export interface BrowserCookies {
  /** The text of its `Cookie` header. */
  readonly header: string | null;
  /** Whether it came by HTTPS. */
  readonly isSecure: boolean;
}

/**
 * The name under which a cookie is kept. By HTTPS the name itself keeps it from being set by another host or without HTTPS.
 * @spec RFC 6265bis, 4.1.3.2
 */
function cookieName(name: string, isSecure: boolean): string {
  return isSecure ? `__Host-${name}` : name;
}

/** The value of a cookie; none if it is there twice, as one of the two is not ours then. */
export function findCookie({ header, isSecure }: BrowserCookies, name: string): string | undefined {
  const wanted = `${cookieName(name, isSecure)}=`;
  const found = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(wanted));
  return found.length === 1 ? found[0]?.slice(wanted.length) : undefined;
}

export interface NewCookie {
  readonly name: string;
  /** Letters, digits, `.`, `-` and `_`. */
  readonly value: string;
  readonly isSecure: boolean;
  /** Default: until the browser is closed. */
  readonly maxAgeSeconds?: number;
}

/** A `Set-Cookie` header for a cookie that no script reads and no other site's form sends. */
export function setCookie({ name, value, isSecure, maxAgeSeconds }: NewCookie): string {
  const age = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName(name, isSecure)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`;
}

/** A `Set-Cookie` header that takes the cookie away. */
export function clearCookie(name: string, isSecure: boolean): string {
  return setCookie({ name, value: "", isSecure, maxAgeSeconds: 0 });
}
