import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

interface IssuerKey {
  readonly id: string;
  readonly publicJwk: JWK;
  readonly privateKey: CryptoKey;
  readonly algorithm: string;
}

/** A stand-in for the ID tokens of a CI system: discovery document, keys that can change, tokens signed with the newest. */
export class TokenIssuer {
  readonly #server: Bun.Server<undefined>;
  readonly #now: () => number;
  #keys: IssuerKey[] = [];
  #made = 0;
  isDown = false;
  /** Instead of its own. */
  document: Record<string, unknown> = {};
  /** Of each request, so far. */
  readonly asked: { readonly path: string; readonly authorization: string | null }[] = [];

  private constructor(nowMs: () => number) {
    this.#now = () => Math.floor(nowMs() / 1000);
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
  }

  static async start(nowMs: () => number): Promise<TokenIssuer> {
    const issuer = new TokenIssuer(nowMs);
    await issuer.addKey();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  get jwksUri(): string {
    return `${this.url}/keys`;
  }

  jwks(): { readonly keys: readonly JWK[] } {
    return { keys: this.#keys.map(({ publicJwk }) => publicJwk) };
  }

  /** New tokens are signed with it. */
  async addKey(algorithm = "RS256", named = true): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const id = `key-${this.#made++}`;
    const publicJwk = { ...(await exportJWK(publicKey)), alg: algorithm, use: "sig", ...(named && { kid: id }) };
    this.#keys.push({ id: named ? id : "", publicJwk, privateKey, algorithm });
  }

  forgetOldKeys(): void {
    this.#keys = this.#keys.slice(-1);
  }

  /** A token that holds, but for what the claims say; `undefined` leaves one away. */
  async token(claims: Readonly<Record<string, unknown>>, header: { readonly typ?: string } = {}): Promise<string> {
    const key = this.#keys.at(-1);
    if (!key) throw new Error("no key");
    const iat = this.#now();
    const payload = { iss: this.url, sub: "job", iat, nbf: iat, exp: iat + 300, jti: crypto.randomUUID(), ...claims };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: key.algorithm, ...(key.id !== "" && { kid: key.id }), typ: "JWT", ...header })
      .sign(key.privateKey);
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    this.asked.push({ path: pathname, authorization: request.headers.get("authorization") });
    if (this.isDown) return new Response("down", { status: 503 });
    if (pathname === "/keys") return Response.json(this.jwks());
    if (pathname !== "/.well-known/openid-configuration") return new Response("nothing", { status: 404 });
    return Response.json({ issuer: this.url, jwks_uri: this.jwksUri, ...this.document });
  }
}
