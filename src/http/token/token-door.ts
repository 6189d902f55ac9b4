import { ANONYMOUS, principalOf } from "../../access/index.ts";
import {
  basicChallenge,
  formatScope,
  type GrantAccess,
  type Identity,
  type IssuedToken,
  type SignIn,
  type TokenAccess,
  type TokenIssuer,
} from "../../auth/index.ts";
import { type ActOrigin, isUnwritable, recordIfPossible, type RecordParts } from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { type Answer, jsonAnswer } from "../answer.ts";
import type { Door, Visitor } from "../edge.ts";
import { errorAnswer } from "../error-answer.ts";
import { methodNotAllowed } from "../http-error.ts";
import { ACCESS_TOKEN_TYPE, readFormWish, readQueryWish, type TokenWish } from "./token-wish.ts";

export interface TokenDoorParts extends RecordParts {
  /** What clients send as `service`: the one that the challenge names. */
  readonly service: string;
  readonly signIn: SignIn;
  readonly grantAccess: GrantAccess;
  readonly issuer: Pick<TokenIssuer, "issue">;
  readonly clock: Clock;
}

/**
 * Where tokens are given: who sends a password, a secret or a refresh token gets a token with as much of what
 * it asks for as it may have, and who sends nothing one with what is public.
 * @spec Docker Registry token authentication; Docker Registry, "Token OAuth2 Specification"; RFC 8693
 */
export function createTokenDoor(parts: TokenDoorParts): Door {
  return {
    path: "/token",
    name: "token",
    respond: async (visitor) => answer(parts, await readWish(parts, visitor), visitor),
    // Whoever comes to get a token cannot be sent for one: the challenge is another one than elsewhere.
    answerError: (error, context) =>
      errorAnswer(asTold(error), { ...context, challenge: () => basicChallenge(parts.service) }),
  };
}

/** Clients show what a 401 says, and of a 403 from here only its number. */
function asTold(error: RegistryError): RegistryError {
  if (error.kind !== "password-change-needed") return error;
  return new RegistryError("login-failed", error.message, { cause: error });
}

async function readWish({ service }: TokenDoorParts, { request, query }: Visitor): Promise<TokenWish> {
  const { method } = request;
  if (method === "GET") return readQueryWish(request, query, service);
  if (method === "POST") return readFormWish(request, service);
  throw methodNotAllowed(method, "GET, POST");
}

async function answer(parts: TokenDoorParts, wish: TokenWish, visitor: Visitor): Promise<Answer> {
  const identity = await signIn(parts.signIn, wish, visitor.from);
  visitor.introduce(identity ? principalOf(identity.account) : ANONYMOUS);
  const access = await parts.grantAccess(identity, wish.access);
  const from: ActOrigin = { ...visitor.from, actor: identity?.account.name };
  const refreshToken = await refreshTokenOf(parts, { wish, identity, from });
  const issued = await issue(parts, identity, access);
  if (identity) await record(parts, { wish, access, from });
  return tokenAnswer(wish, { issued, access, refreshToken });
}

async function signIn(signIn: SignIn, { proof }: TokenWish, from: ActOrigin): Promise<Identity | undefined> {
  if (!proof) return undefined;
  return proof.kind === "password"
    ? signIn.byPassword(proof.credentials, from)
    : signIn.byRefreshToken(proof.token, from);
}

interface Refreshing {
  readonly wish: TokenWish;
  readonly identity: Identity | undefined;
  readonly from: ActOrigin;
}

/** Who came with one goes on with it. Who cannot be given one, as on a full disk, comes with the password again. */
async function refreshTokenOf(
  { signIn, clock, reportUnrecorded }: TokenDoorParts,
  { wish, identity, from }: Refreshing,
): Promise<string | undefined> {
  if (!wish.wantsRefreshToken || !identity) return undefined;
  if (wish.proof?.kind === "refresh-token") return wish.proof.token;
  if (!identity.isByPassword) return undefined;
  try {
    return await signIn.createRefreshToken(identity, from);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    const act = { act: "secret.create", target: identity.account.name, detail: { kind: "refresh" } };
    reportUnrecorded({ ...from, ...act, atMs: clock.nowMs(), outcome: "failure" }, error);
    return undefined;
  }
}

function issue(
  { issuer, clock }: TokenDoorParts,
  identity: Identity | undefined,
  access: readonly TokenAccess[],
): Promise<IssuedToken> {
  if (!identity) return issuer.issue({ subject: "", generation: 0, access });
  const { account, limits, expiresAtMs } = identity;
  const endMs = Math.min(expiresAtMs ?? Number.POSITIVE_INFINITY, account.expiresAtMs ?? Number.POSITIVE_INFINITY);
  const { name: subject, generation } = account;
  return issuer.issue({ subject, generation, access, limits, lifetimeMs: endMs - clock.nowMs() });
}

interface Issue {
  readonly wish: TokenWish;
  readonly access: readonly TokenAccess[];
  readonly from: ActOrigin;
}

async function record(parts: TokenDoorParts, { wish, access, from }: Issue): Promise<void> {
  const client = wish.clientId === undefined ? {} : { client: shorten(wish.clientId) };
  const detail = { scopes: access.map(formatScope), ...client };
  await recordIfPossible(parts, {
    ...from,
    atMs: parts.clock.nowMs(),
    act: "token.issue",
    outcome: "success",
    detail,
  });
}

interface Given {
  readonly issued: IssuedToken;
  readonly access: readonly TokenAccess[];
  readonly refreshToken: string | undefined;
}

/** Clients of both forms read one or the other name of the token. */
function tokenAnswer({ form }: TokenWish, { issued, access, refreshToken }: Given): Answer {
  const body = {
    token: issued.token,
    access_token: issued.token,
    expires_in: issued.expiresInSeconds,
    issued_at: new Date(issued.issuedAtMs).toISOString().replace(".000Z", "Z"),
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(form !== "query" && { token_type: "Bearer", scope: access.map(formatScope).join(" ") }),
    ...(form === "exchange" && { issued_token_type: ACCESS_TOKEN_TYPE }),
  };
  return jsonAnswer(body, { "Cache-Control": "no-store" });
}
