import { type Soon, whenThere } from "../runtime/index.ts";
import {
  type AccessRequest,
  ANONYMOUS,
  type Caller,
  isWithin,
  type PreparedLimit,
  prepareLimit,
  type Principal,
  type Refusal,
} from "../access/index.ts";
import type { Authenticator, Challenge } from "./authenticator.ts";
import { limitsOfToken } from "./tokens/limits-of-token.ts";
import type { BearerVerifier, ExpirableToken } from "./tokens/verified-token.ts";

/** Lets in by the tokens of another server, which alone decides who may do what. */
export class ExternalTokenAuthenticator implements Authenticator {
  readonly #tokens: BearerVerifier;
  readonly #challenge: (challenge: Challenge) => string;

  constructor(tokens: BearerVerifier, challenge: (challenge: Challenge) => string) {
    this.#tokens = tokens;
    this.#challenge = challenge;
  }

  challenge(challenge: Challenge): string {
    return this.#challenge(challenge);
  }

  authenticate(authorization: string | null): Soon<Caller> {
    const token = authorization === null ? undefined : /^bearer +([\w.~+/-]+=*) *$/i.exec(authorization)?.[1];
    if (token === undefined) return WITHOUT_TOKEN;
    return whenThere(this.#tokens.verifyExpired(token), (verified) => new TokenCaller(verified));
  }
}

const WITHOUT_TOKEN: Caller = {
  principal: ANONYMOUS,
  hasToken: false,
  refusalOf: () => "rules",
  maySee: () => false,
  isLetIn: false,
  mayList: false,
};

/** May do what the token says. */
class TokenCaller implements Caller {
  readonly principal: Principal;
  readonly hasToken = true;
  readonly isLetIn = true;
  readonly mayList: boolean;
  readonly tokenEndedAtMs: number | undefined;
  readonly #limits: readonly PreparedLimit[];

  constructor({ subject, access, isExpired, expiresAtMs }: ExpirableToken) {
    const limits = limitsOfToken(access);
    this.principal = subject === "" ? ANONYMOUS : { kind: "user", name: subject, source: "token", account: undefined };
    this.mayList = limits.mayList;
    this.tokenEndedAtMs = isExpired ? expiresAtMs : undefined;
    this.#limits = limits.access.map(prepareLimit);
  }

  refusalOf(request: AccessRequest): Refusal | undefined {
    return isWithin(this.#limits, request) ? undefined : "limits";
  }

  /** The list is for who may have it whole, as in registry:2. */
  maySee(): boolean {
    return true;
  }
}
