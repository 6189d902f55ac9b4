import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** The claims of one person. */
export type Person = Readonly<Record<string, unknown>>;

export interface ProviderOptions {
  /** Where browsers come back to. */
  readonly redirectUris: readonly string[];
  readonly logoutUri: string;
  /** Only `sub` is in the ID token; the rest is at the userinfo end-point. */
  readonly isSparing?: boolean;
}

export const CLIENT_ID = "registry";
export const CLIENT_SECRET = "registry-secret-0123456789-0123456789";

/** Making one takes longer than most tests. */
const keyPair = generateKeyPair("RS256", { extractable: true });

/** A real OpenID Connect provider in this process, with a sign-in form that takes any name of `people`. */
export class IdentityProvider {
  readonly url: string;
  readonly people = new Map<string, Person>();
  readonly #server: Server;
  readonly #privateKey: CryptoKey;

  private constructor(url: string, server: Server, privateKey: CryptoKey) {
    this.url = url;
    this.#server = server;
    this.#privateKey = privateKey;
  }

  static async start(options: ProviderOptions): Promise<IdentityProvider> {
    const { privateKey } = await keyPair;
    const jwk = { ...(await exportJWK(privateKey)), kid: "provider-key", alg: "RS256", use: "sig" };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new IdentityProvider(url, server, privateKey);
    const callback = quietly(() => openProvider(url, jwk, options, provider.people)).callback();
    server.on("request", (request, response) => void callback(request, response));
    return provider;
  }

  /** A logout token as the provider signs it, but for what the claims say. */
  logoutToken(claims: Readonly<Record<string, unknown>>, typ = "logout+jwt", algorithm = "RS256"): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
    const standard = { iss: this.url, aud: CLIENT_ID, iat, exp: iat + 120, jti: crypto.randomUUID(), events };
    return new SignJWT({ ...standard, ...claims })
      .setProtectedHeader({ alg: algorithm, kid: "provider-key", typ })
      .sign(algorithm === "RS256" ? this.#privateKey : new TextEncoder().encode(CLIENT_SECRET));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** It warns of what does not matter here, on the console of the tests. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function openProvider(url: string, jwk: JWK, options: ProviderOptions, people: ReadonlyMap<string, Person>): Provider {
  return new Provider(url, {
    jwks: { keys: [jwk] },
    cookies: { keys: ["of-the-tests"] },
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...options.redirectUris],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        backchannel_logout_uri: options.logoutUri,
        backchannel_logout_session_required: true,
      },
    ],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["preferred_username", "name", "groups", "department"],
    },
    conformIdTokenClaims: options.isSparing ?? false,
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => Promise.resolve({ sub, ...people.get(sub) }),
    }),
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
}
