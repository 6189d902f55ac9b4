import type { JWTVerifyGetKey } from "jose";
import * as openid from "openid-client";
import type { Clock } from "../../runtime/index.ts";
import { askIssuer } from "./ask-issuer.ts";
import { claimAt, type Claims } from "./claims.ts";
import { Discovery } from "./discovery.ts";
import { keysByDiscovery } from "./issuer-keys.ts";
import type { OidcProviderOptions } from "./options.ts";
import { wantedClaims } from "./read-identity.ts";

/** What a browser brings, and what it was sent away with. */
export interface CodeExchange {
  /** The whole URL that the provider sent it to. */
  readonly callbackUrl: URL;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** One provider that people sign in with. Nothing is asked of it before somebody does. */
export class OidcProvider {
  readonly options: OidcProviderOptions;
  readonly #discovery: Discovery;
  /** What its tokens are signed with. */
  readonly keys: JWTVerifyGetKey;

  /** @throws the error of reading the file of authorities */
  constructor(options: OidcProviderOptions, clock: Clock) {
    this.options = options;
    const fetch = askIssuer(options);
    this.#discovery = new Discovery({ ...options, fetch, clock });
    this.keys = keysByDiscovery(this.#discovery, { fetch, clock, cooldownMs: 10_000 });
  }

  /** Of its accounts and sessions. */
  get source(): string {
    return `oidc:${this.options.name}`;
  }

  /** Where a browser is sent. @throws RegistryError `unavailable` */
  async authorizationUrl(redirectUri: string, exchange: Omit<CodeExchange, "callbackUrl">): Promise<string> {
    const configuration = await this.#discovery.configuration();
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.options.scopes.join(" "),
      state: exchange.state,
      nonce: exchange.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(exchange.codeVerifier),
      code_challenge_method: "S256",
    });
    return url.href;
  }

  /** What the provider says of who comes back. @throws errors of openid-client · RegistryError `unavailable` */
  async claimsOf(exchange: CodeExchange): Promise<Claims> {
    const configuration = await this.#discovery.configuration();
    const tokens = await openid.authorizationCodeGrant(configuration, exchange.callbackUrl, {
      expectedState: exchange.state,
      expectedNonce: exchange.nonce,
      pkceCodeVerifier: exchange.codeVerifier,
      idTokenExpected: true,
    });
    const claims: Claims = tokens.claims() ?? {};
    const isMissing = wantedClaims(this.options).some((name) => claimAt(claims, name) === undefined);
    if (!isMissing || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await openid.fetchUserInfo(configuration, tokens.access_token, String(claims["sub"]));
    // What is signed wins.
    return { ...more, ...claims };
  }
}
