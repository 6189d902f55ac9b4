import { type JWK, jwtVerify } from "jose";
import { RegistryError } from "../../../oci/index.ts";
import { type Soon, whenThere } from "../../../runtime/index.ts";
import { readClaims } from "../read-claims.ts";
import { RememberedTokens } from "../remembered-tokens.ts";
import { headerOf, TOLERANCE_SECONDS } from "../token-verifier.ts";
import { type BearerVerifier, type ExpirableToken, invalidToken, type VerifiedToken } from "../verified-token.ts";
import { verifyChain } from "./certificate-chain.ts";
import { jwkOf } from "./named-keys.ts";
import type { ExternalTokenOptions } from "./options.ts";
import { TrustedKeys, type TrustedKeysParts } from "./trusted-keys.ts";

/** A change of what is trusted counts after this long. */
const FOLLOW_INTERVAL_MS = 1000;

/**
 * Believes tokens of another server, as registry:2 does with `auth.token`, but by no algorithm with a shared secret. Times have
 * a leeway of 60 s, as the server has a clock of its own.
 */
export class ExternalTokenVerifier implements BearerVerifier {
  readonly #options: ExternalTokenOptions;
  readonly #parts: TrustedKeysParts;
  readonly #trusted: TrustedKeys;
  readonly #tokens: RememberedTokens;
  #followedAtMs = Number.NEGATIVE_INFINITY;
  #following: Promise<void> | undefined;

  /** @throws Error that names the file that cannot be used */
  static async open(options: ExternalTokenOptions, parts: TrustedKeysParts): Promise<ExternalTokenVerifier> {
    return new ExternalTokenVerifier(options, parts, await TrustedKeys.open(options, parts));
  }

  private constructor(options: ExternalTokenOptions, parts: TrustedKeysParts, trusted: TrustedKeys) {
    this.#options = options;
    this.#parts = parts;
    this.#trusted = trusted;
    this.#tokens = new RememberedTokens({ read: (token) => this.#read(token), clock: parts.clock, isForeign: true });
  }

  verify(token: string): Soon<VerifiedToken> {
    return whenThere(this.#follow(), () => this.#tokens.verify(token));
  }

  verifyExpired(token: string): Soon<ExpirableToken> {
    return whenThere(this.#follow(), () => this.#tokens.verifyExpired(token));
  }

  #follow(): Soon<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (Math.abs(nowMs - this.#followedAtMs) < FOLLOW_INTERVAL_MS) return this.#following;
    this.#followedAtMs = nowMs;
    this.#following ??= this.#forgetIf(this.#trusted.follow()).finally(() => (this.#following = undefined));
    return this.#following;
  }

  async #forgetIf(news: Promise<boolean>): Promise<void> {
    if (await news) this.#tokens.forget();
  }

  async #read(token: string): Promise<VerifiedToken> {
    const { issuer, service, algorithms } = this.#options;
    const header = headerOf(token);
    const algorithm = algorithms.find((allowed) => allowed === header.alg);
    if (algorithm === undefined) throw invalidToken("is signed by an algorithm that is not taken");
    if (header.typ !== undefined && !isJwtType(header.typ)) throw invalidToken("is of another type than JWT");
    const key = await this.#keyOf({ ...header });
    const nowMs = this.#parts.clock.nowMs();
    const verification = jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer,
      audience: service,
      requiredClaims: ["exp"],
      currentDate: new Date(nowMs),
      clockTolerance: TOLERANCE_SECONDS,
    });
    const { payload } = await verification.catch((cause: unknown) => {
      throw invalidToken("is not one for this registry", cause);
    });
    // What other servers mean by these names is not what the registry does.
    return readClaims({ sub: "", ...payload, gen: 0, limits: [] }, nowMs);
  }

  /** In the order of registry:2. A key that the token brings is never believed, only one that is trusted already. */
  #keyOf({ x5c, jwk, kid }: Readonly<Record<string, unknown>>): Soon<JWK> {
    if (x5c !== undefined) return this.#keyOfChain(x5c);
    if (typeof jwk !== "object" || jwk === null) return this.#keyNamed(kid);
    const { x5c: chain, kid: name } = jwk as Readonly<Record<string, unknown>>;
    return chain === undefined ? this.#keyNamed(name) : this.#keyOfChain(chain);
  }

  #keyOfChain(chain: unknown): JWK {
    const { publicKey } = verifyChain(chain, this.#trusted.roots, this.#parts.clock.nowMs());
    try {
      return jwkOf(publicKey);
    } catch (cause) {
      throw invalidToken("brings a certificate with a key that nothing is signed with", cause);
    }
  }

  async #keyNamed(name: unknown): Promise<JWK> {
    if (typeof name !== "string") throw invalidToken("does not name the key that it is signed with");
    const known = this.#trusted.find(name);
    if (known) return known;
    await this.#forgetIf(this.#trusted.askAgain());
    const found = this.#trusted.find(name);
    if (found) return found;
    if (this.#trusted.isIncomplete)
      throw new RegistryError("unavailable", "tokens cannot be checked at the moment: try again");
    throw invalidToken("is not signed with a key that is trusted");
  }
}

function isJwtType(type: unknown): boolean {
  return typeof type === "string" && type.toLowerCase().replace(/^application\//, "") === "jwt";
}
