import { randomBytes } from "node:crypto";
import { Seal, type TokenAlgorithm, type TokenOptions } from "../../../../src/auth/index.ts";
import { SigningKeys } from "../../../../src/auth/tokens/signing-keys.ts";
import { TokenIssuer } from "../../../../src/auth/tokens/token-issuer.ts";
import { TokenVerifier } from "../../../../src/auth/tokens/token-verifier.ts";
import { type MetadataDatabase, openSqlite } from "../../../../src/metadata/index.ts";

export const START_MS = Date.UTC(2026, 7, 23, 12);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const OPTIONS: TokenOptions = {
  issuer: "https://reg.example",
  service: "reg.example",
  lifetimeMs: 15 * 60_000,
  algorithm: "ES256",
};

/** A clock that stands where it is put. */
export class StandingClock {
  ms = START_MS;
  nowMs(): number {
    return this.ms;
  }
}

export interface TokenParts {
  readonly metadata: MetadataDatabase;
  readonly clock: StandingClock;
  readonly keys: SigningKeys;
  readonly issuer: TokenIssuer;
  readonly verifier: TokenVerifier;
  /** Messages that were logged. */
  readonly logged: string[];
}

interface Setting {
  readonly metadata?: MetadataDatabase;
  readonly clock?: StandingClock;
  readonly secret?: string;
  readonly algorithm?: TokenAlgorithm;
}

/** All that makes and believes tokens in one process of a registry. */
export async function openTokens(setting: Setting = {}): Promise<TokenParts> {
  const metadata = setting.metadata ?? (await openSqlite(":memory:"));
  const clock = setting.clock ?? new StandingClock();
  const logged: string[] = [];
  const log = {
    info: (message: string) => void logged.push(message),
    warn: (message: string) => void logged.push(message),
    error: (message: string) => void logged.push(message),
  };
  const algorithm = setting.algorithm ?? "ES256";
  const seal = new Seal(setting.secret ?? "the secret of the registry", "token keys", randomBytes);
  const keys = await SigningKeys.open({ metadata, seal, algorithm, clock, log });
  const options = { ...OPTIONS, algorithm };
  let count = 0;
  const issuer = new TokenIssuer({ keys, options, clock, newId: () => `id-${++count}` });
  return { metadata, clock, keys, issuer, verifier: new TokenVerifier({ keys, options, clock }), logged };
}

/** What is thrown, sooner or later. */
export async function failureOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
