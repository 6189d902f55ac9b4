import type { JWTPayload } from "jose";
import { type AccessLimit, type Action, ACTIONS } from "../../access/index.ts";
import { readAccess } from "./token-access.ts";
import { CLOCK_LEEWAY_MS, EXPIRED_GRACE_MS } from "./token-times.ts";
import { invalidToken, type VerifiedToken } from "./verified-token.ts";

/**
 * What the claims of a token with a good signature say. One that has expired is let through for a day.
 * @throws RegistryError `token-invalid`
 */
export function readClaims(claims: JWTPayload, nowMs: number): VerifiedToken {
  requireTimes(claims, nowMs);
  const { sub, exp, iat, access, gen } = claims;
  if (typeof sub !== "string" || exp === undefined) throw invalidToken("does not say whose it is and until when");
  if (gen !== undefined && !Number.isSafeInteger(gen)) throw invalidToken("has a generation that is no number");
  return {
    subject: sub,
    generation: Number(gen ?? 0),
    access: readList(access ?? [], readAccess),
    limits: readList(claims["limits"] ?? [], readLimit),
    issuedAtMs: (iat ?? 0) * 1000,
    expiresAtMs: exp * 1000,
  };
}

/** That it has not expired is for the caller to see. */
function requireTimes({ exp = 0, nbf, iat }: JWTPayload, nowMs: number): void {
  const soonMs = nowMs + CLOCK_LEEWAY_MS;
  if ((nbf ?? 0) * 1000 > soonMs || (iat ?? 0) * 1000 > soonMs)
    throw invalidToken("is not good yet; see that the clocks agree");
  if (exp * 1000 <= nowMs - EXPIRED_GRACE_MS) throw invalidToken("has expired");
}

function readList<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] {
  const items = Array.isArray(value) ? value.map((item) => read(item)) : [undefined];
  return items.map((item) => {
    if (item === undefined) throw invalidToken("does not say what it is good for");
    return item;
  });
}

function readLimit(value: unknown): AccessLimit | undefined {
  if (typeof value !== "object" || value === null || !("path" in value) || !("actions" in value)) return undefined;
  const { path, actions } = value;
  if (typeof path !== "string" || !Array.isArray(actions) || !actions.every(isAction)) return undefined;
  return { pathPattern: path, actions };
}

function isAction(value: unknown): value is Action {
  return (ACTIONS as readonly unknown[]).includes(value);
}
