import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import { RegistryError } from "../../oci/index.ts";
import { EXTERNAL_ALGORITHMS } from "../tokens/external/options.ts";
import { isUnreachable, providerUnavailable } from "./provider-problem.ts";

const ALGORITHMS = [...EXTERNAL_ALGORITHMS, "Ed25519"];

/** Clocks of others are not ours. */
export const CLOCK_TOLERANCE_SECONDS = 60;

export interface TokenRules extends Pick<JWTVerifyOptions, "audience"> {
  readonly issuer: string;
  readonly maxAgeMs: number;
  readonly nowMs: number;
  /** Besides those that are always needed, `iss` and `iat`. */
  readonly requiredClaims: readonly string[];
}

/** What a token says that its issuer has signed and that holds now. @throws an error of jose · RegistryError `unavailable` */
export async function verifyToken(token: string, keys: JWTVerifyGetKey, rules: TokenRules): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms: ALGORITHMS,
    issuer: rules.issuer,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    maxTokenAge: rules.maxAgeMs / 1000,
    currentDate: new Date(rules.nowMs),
    requiredClaims: [...rules.requiredClaims],
    ...(rules.audience !== undefined && { audience: rules.audience }),
  };
  try {
    return await verifyWithAny(token, keys, options);
  } catch (error) {
    throw isAboutKeys(error) ? providerUnavailable(error) : error;
  }
}

async function verifyWithAny(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // Keys without names: one of them will do.
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch(unlessAnotherKeys);
      if (verified) return verified.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function unlessAnotherKeys(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

const ABOUT_KEYS = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);

function isAboutKeys(error: unknown): boolean {
  if (error instanceof RegistryError) return false;
  return isUnreachable(error) || (error instanceof errors.JOSEError && ABOUT_KEYS.has(error.code));
}
