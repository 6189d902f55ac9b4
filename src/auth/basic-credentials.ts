export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** An ID token with many groups in it is long; more than this is no login but an attempt to make work. */
const MAX_LENGTH = 16 * 1024;

/**
 * Reads `Authorization: Basic …`; `undefined` for anything else.
 * @spec RFC 7617
 */
export function parseBasicCredentials(authorization: string | null): BasicCredentials | undefined {
  if (authorization === null || authorization.length > MAX_LENGTH) return undefined;
  const encoded = /^basic +([a-z0-9+/]+=*) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Value of `WWW-Authenticate` that asks for user name and password. */
export function basicChallenge(realm: string): string {
  return `Basic realm="${realm.replaceAll(/["\\]/g, "\\$&")}"`;
}
