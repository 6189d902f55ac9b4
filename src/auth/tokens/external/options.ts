/** What tokens of another server may be signed with: nothing that needs a secret that both sides have, and never nothing. */
export const EXTERNAL_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

export type ExternalAlgorithm = (typeof EXTERNAL_ALGORITHMS)[number];

/** A server elsewhere that makes the tokens. */
export interface ExternalTokenOptions {
  /** Where clients get tokens. */
  readonly realm: string;
  /** Clients are sent to this path of the host that they know the registry by, in the place of the realm. */
  readonly redirectPath: string | undefined;
  /** What `aud` must have. */
  readonly service: string;
  /** What `iss` must be. */
  readonly issuer: string;
  /** PEM file of certificates: their keys are trusted, and the chains that end in them. */
  readonly certificatesPath: string | undefined;
  /** Public keys as a JSON Web Key Set. */
  readonly keySet: { readonly path: string } | { readonly url: string } | undefined;
  readonly algorithms: readonly ExternalAlgorithm[];
}

/**
 * Where clients are sent for a token.
 * @param origin scheme and host by which the client knows the registry
 */
export function realmOf({ realm, redirectPath }: ExternalTokenOptions, origin: string): string {
  return redirectPath === undefined || origin === "" ? realm : `${origin}${redirectPath}`;
}
