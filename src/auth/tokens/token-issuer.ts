import { SignJWT } from "jose";
import { RegistryError } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { AccessLimit } from "../../access/index.ts";
import type { TokenOptions } from "./options.ts";
import { MAX_TOKEN_LENGTH } from "./remembered-tokens.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { TokenAccess } from "./token-access.ts";
import { MAX_TOKEN_LIFETIME_MS } from "./token-times.ts";

export interface TokenRequest {
  /** The name of an account; `""` for nobody. */
  readonly subject: string;
  /** Of the account now. */
  readonly generation: number;
  readonly access: readonly TokenAccess[];
  readonly limits?: readonly AccessLimit[];
  /** Where it is to hold for less than is usual. */
  readonly lifetimeMs?: number | undefined;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  /** A whole second. */
  readonly issuedAtMs: number;
}

export interface TokenIssuerParts {
  readonly keys: Pick<SigningKeys, "keyForSigning">;
  readonly options: TokenOptions;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Makes tokens that only the registry can make and everybody with its public keys can read. */
export class TokenIssuer {
  readonly #parts: TokenIssuerParts;

  constructor(parts: TokenIssuerParts) {
    this.#parts = parts;
  }

  /**
   * @throws RegistryError `bad-request` if the token would be too long to be sent
   * @throws MetadataError
   * @spec Docker Registry token authentication, "Token Authentication Implementation"
   */
  async issue(request: TokenRequest): Promise<IssuedToken> {
    const { keys, options, clock, newId } = this.#parts;
    const key = await keys.keyForSigning();
    const issuedAt = Math.floor(clock.nowMs() / 1000);
    const expiresInSeconds = this.#lifetimeSeconds(request.lifetimeMs);
    const { access, generation, limits = [] } = request;
    const token = await new SignJWT({ access, gen: generation, ...(limits.length > 0 && { limits: written(limits) }) })
      .setProtectedHeader({ typ: "JWT", alg: key.algorithm, kid: key.id })
      .setIssuer(options.issuer)
      .setSubject(request.subject)
      .setAudience(options.service)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + expiresInSeconds)
      .setJti(newId())
      .sign(key.privateKey);
    if (token.length > MAX_TOKEN_LENGTH)
      throw new RegistryError("bad-request", "a token for all of this would be too long: ask for several tokens");
    return { token, expiresInSeconds, issuedAtMs: issuedAt * 1000 };
  }

  #lifetimeSeconds(wantedMs = this.#parts.options.lifetimeMs): number {
    const lifetimeMs = Math.min(wantedMs, this.#parts.options.lifetimeMs, MAX_TOKEN_LIFETIME_MS);
    return Math.max(1, Math.floor(lifetimeMs / 1000));
  }
}

function written(limits: readonly AccessLimit[]): readonly unknown[] {
  return limits.map(({ pathPattern, actions }) => ({ path: pathPattern, actions }));
}
