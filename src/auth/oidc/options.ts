/** Where somebody else's OpenID Connect server is, and how far it may be asked. */
export interface IssuerAccess {
  /** As it stands in its tokens. */
  readonly issuer: string;
  /** A PEM file of the authorities behind its certificate, in the place of the usual ones. */
  readonly caPath: string | undefined;
  /** Networks that may be asked though they are not public, such as `10.0.0.0/8`. */
  readonly privateNetworks: readonly string[];
  /** Plain HTTP too. */
  readonly allowHttp: boolean;
}

/** A provider that people sign in with. */
export interface OidcProviderOptions extends IssuerAccess {
  /** In URLs, and after `oidc:` in the source of its accounts. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly clientId: string;
  /** `undefined`: a public client. */
  readonly clientSecret: string | undefined;
  /** `openid` among them. */
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly displayNameClaim: string;
  /** `undefined`: the provider does not know groups. */
  readonly groupsClaim: string | undefined;
  /** A pattern for each claim that a person must have. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  /** Of verified addresses; empty: all. */
  readonly emailDomains: readonly string[];
}

/** An issuer of the ID tokens of jobs. */
export interface WorkloadIssuerOptions extends IssuerAccess {
  /** Where its keys are; `undefined`: where its discovery document says. */
  readonly jwksUri: string | undefined;
  /** A file with its keys, in the place of asking it. */
  readonly jwksPath: string | undefined;
  /** A file with the token that it wants to see before it shows its keys. */
  readonly bearerTokenPath: string | undefined;
}

export interface WorkloadOptions {
  readonly issuers: readonly WorkloadIssuerOptions[];
  /** An ID token that was issued longer ago is not taken, whatever it says of its end. */
  readonly maxTokenAgeMs: number;
}
