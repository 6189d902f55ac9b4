export interface BearerChallenge {
  /** URL of the token end-point. */
  readonly realm: string;
  readonly service: string;
  /** What the request needs, such as `repository:app:pull`; none at the ping. */
  readonly scopes: readonly string[];
  /** What is wrong with the token that was sent, if one was. */
  readonly error?: "invalid_token" | "insufficient_scope" | undefined;
}

/**
 * Value of `WWW-Authenticate` that sends a client for a token. Without spaces after commas: old clients stumble over them.
 * @spec RFC 6750, 3
 */
export function bearerChallenge({ realm, service, scopes, error }: BearerChallenge): string {
  const parts = [`realm=${quoted(realm)}`, `service=${quoted(service)}`];
  if (scopes.length > 0) parts.push(`scope=${quoted(scopes.join(" "))}`);
  if (error !== undefined) parts.push(`error=${quoted(error)}`);
  return `Bearer ${parts.join(",")}`;
}

/** What no header can hold is a question mark. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
}
