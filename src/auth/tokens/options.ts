import type { TokenAlgorithm } from "./token-key.ts";

/** Of the tokens that the registry makes itself. */
export interface TokenOptions {
  /** Claim `iss`. */
  readonly issuer: string;
  /** Claim `aud`, and what clients send as `service`. */
  readonly service: string;
  /** At least 60 s, at most a day. */
  readonly lifetimeMs: number;
  readonly algorithm: TokenAlgorithm;
}
