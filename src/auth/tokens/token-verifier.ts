import { decodeProtectedHeader, jwtVerify } from "jose";
import type { Clock, Soon } from "../../runtime/index.ts";
import type { TokenOptions } from "./options.ts";
import { readClaims } from "./read-claims.ts";
import { RememberedTokens } from "./remembered-tokens.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { TokenKey } from "./token-key.ts";
import { CLOCK_LEEWAY_MS, EXPIRED_GRACE_MS } from "./token-times.ts";
import { type BearerVerifier, type ExpirableToken, invalidToken, type VerifiedToken } from "./verified-token.ts";

export interface TokenVerifierParts {
  readonly keys: Pick<SigningKeys, "find">;
  readonly options: Pick<TokenOptions, "issuer" | "service">;
  readonly clock: Clock;
}

/** How `jwtVerify` writes durations: this one is only to let `readClaims` see to the times, to the millisecond. */
export const TOLERANCE_SECONDS = (EXPIRED_GRACE_MS + CLOCK_LEEWAY_MS) / 1000;

/**
 * Believes tokens that the registry made itself, by one of its keys and by the algorithm of that key. They end without
 * leeway; one that begins up to 60 s later is taken, as processes on other machines have clocks of their own.
 */
export class TokenVerifier implements BearerVerifier {
  readonly #parts: TokenVerifierParts;
  readonly #tokens: RememberedTokens;

  constructor(parts: TokenVerifierParts) {
    this.#parts = parts;
    this.#tokens = new RememberedTokens({ read: (token) => this.#read(token), clock: parts.clock, isForeign: false });
  }

  verify(token: string): Soon<VerifiedToken> {
    return this.#tokens.verify(token);
  }

  verifyExpired(token: string): Soon<ExpirableToken> {
    return this.#tokens.verifyExpired(token);
  }

  async #read(token: string): Promise<VerifiedToken> {
    const { options, clock } = this.#parts;
    const key = await this.#keyOf(token);
    const nowMs = clock.nowMs();
    const verification = jwtVerify(token, key.publicKey, {
      algorithms: [key.algorithm],
      typ: "JWT",
      issuer: options.issuer,
      audience: options.service,
      requiredClaims: ["sub", "exp", "nbf", "iat", "jti", "access", "gen"],
      currentDate: new Date(nowMs),
      clockTolerance: TOLERANCE_SECONDS,
    });
    const { payload } = await verification.catch((cause: unknown) => {
      throw invalidToken("is not one of this registry", cause);
    });
    return readClaims(payload, nowMs);
  }

  async #keyOf(token: string): Promise<TokenKey> {
    const { alg, kid } = headerOf(token);
    const key = typeof kid === "string" && KEY_ID.test(kid) ? await this.#parts.keys.find(kid) : undefined;
    if (key && key.algorithm === alg) return key;
    throw invalidToken("is not signed with a key of this registry");
  }
}

/** A thumbprint. */
const KEY_ID = /^[A-Za-z0-9_-]{43}$/;

/** Nothing in it is proved. @throws RegistryError `token-invalid` */
export function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw invalidToken("cannot be read", cause);
  }
}
