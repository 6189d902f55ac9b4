import { decodeJwt, decodeProtectedHeader, type JWTVerifyGetKey } from "jose";
import { listRobotTrustsOfIssuer, type Queries, type RobotTrustRecord } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Clock, Log } from "../../runtime/index.ts";
import { type Account, findAccountById, isUsable } from "../../access/index.ts";
import type { WorkloadTokens } from "../sign-in/workload-tokens.ts";
import { askIssuer } from "./ask-issuer.ts";
import { type Claims, findUnmatchedClaim } from "./claims.ts";
import { Discovery } from "./discovery.ts";
import { keysOfIssuer } from "./issuer-keys.ts";
import type { WorkloadIssuerOptions, WorkloadOptions } from "./options.ts";
import { verifyToken } from "./verify-token.ts";

export interface WorkloadTokensParts {
  readonly queries: Queries;
  readonly options: WorkloadOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: 10 seconds. An issuer's new key is asked for no sooner than this after the last time. */
  readonly keyCooldownMs?: number;
}

/** Longer ones are no job's. */
const MAX_TOKEN_LENGTH = 16_384;

/** Makes robots of jobs: by the ID tokens of the issuers in the configuration, and what robots trust. */
export function createWorkloadTokens(parts: WorkloadTokensParts): WorkloadTokens {
  const keys = new Map(parts.options.issuers.map((issuer) => [issuer.issuer, openKeys(issuer, parts)]));
  return {
    async robotOf(idToken, robotName) {
      const claims = await verifiedClaims(idToken, keys, parts);
      const robots = await robotsFor(claims, robotName, parts);
      const [robot] = robots;
      if (robot && robots.length === 1) return robot;
      if (!robot) throw notTaken(`no robot trusts the token of ${String(claims["sub"])}`);
      const message = "several robots trust this token: sign in with the name of one as the user name";
      throw new RegistryError("login-failed", message);
    },
  };
}

function openKeys(issuer: WorkloadIssuerOptions, { clock, keyCooldownMs }: WorkloadTokensParts): JWTVerifyGetKey {
  const fetch = askIssuer(issuer, issuer.bearerTokenPath);
  const discovery = new Discovery({ ...issuer, clientId: "berth", clientSecret: undefined, fetch, clock });
  return keysOfIssuer(issuer, discovery, { fetch, clock, cooldownMs: keyCooldownMs ?? 10_000 });
}

/** The client learns no more than that it does not get in; the log and the audit trail say why. */
function notTaken(reason: string, cause?: unknown): RegistryError {
  const message = "the ID token does not sign you in here";
  return new RegistryError("login-failed", message, { cause: new Error(reason, { cause }) });
}

async function verifiedClaims(
  idToken: string,
  keys: ReadonlyMap<string, JWTVerifyGetKey>,
  { clock, options }: WorkloadTokensParts,
): Promise<Claims> {
  const issuer = readIssuer(idToken);
  const issuerKeys = keys.get(issuer);
  if (!issuerKeys)
    throw notTaken(`the issuer ${JSON.stringify(issuer.slice(0, 200))} is not one of auth.workloads.issuers`);
  const rules = {
    issuer,
    maxAgeMs: options.maxTokenAgeMs,
    nowMs: clock.nowMs(),
    requiredClaims: ["exp", "aud", "sub"],
  };
  try {
    return await verifyToken(idToken, issuerKeys, rules);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw notTaken(`the ID token does not hold: ${(error as Error).message}`, error);
  }
}

/** Access tokens too: an issuer may give a program nothing else. A logout token is none of them. */
const TYPES = new Set(["jwt", "at+jwt", "application/at+jwt"]);

/** As the token says, before anything of it is believed. */
function readIssuer(idToken: string): string {
  if (idToken.length > MAX_TOKEN_LENGTH) throw notTaken("the ID token is too long");
  try {
    const { typ = "JWT" } = decodeProtectedHeader(idToken);
    if (!TYPES.has(typ.toLowerCase())) throw new Error(`its type is ${typ}`);
    return decodeJwt(idToken).iss ?? "";
  } catch (error) {
    throw notTaken(`the ID token cannot be read: ${(error as Error).message}`, error);
  }
}

async function robotsFor(
  claims: Claims,
  robotName: string | undefined,
  { queries, clock, log }: WorkloadTokensParts,
): Promise<readonly Account[]> {
  const robots = new Map<number, Account>();
  const faults: string[] = [];
  for (const trust of await listRobotTrustsOfIssuer(queries, String(claims["iss"]))) {
    const robot = await findAccountById(queries, trust.accountId);
    if (!robot || (robotName !== undefined && robot.name !== robotName)) continue;
    const fault = faultOf(robot, clock.nowMs()) ?? mismatchOf(trust, claims);
    if (fault === undefined) robots.set(robot.id, robot);
    else faults.push(`trust ${trust.id} of ${robot.name}: ${fault}`);
  }
  if (robots.size === 0 && faults.length > 0) logFaults(log, claims, faults);
  return [...robots.values()];
}

/** An issuer may be trusted by hundreds of robots: what is wrong is said of so many. */
const MOST_FAULTS = 20;

function logFaults(log: Log, claims: Claims, faults: readonly string[]): void {
  const rest = faults.length - MOST_FAULTS;
  const said = faults.slice(0, MOST_FAULTS).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
  log.info("no robot trusts a job's token", { sub: claims["sub"], faults: said });
}

function faultOf(account: Account, nowMs: number): string | undefined {
  if (account.kind !== "robot") return "the account is not a robot";
  return isUsable(account, nowMs) ? undefined : "the robot is disabled or has expired";
}

/** What of the token is not as the robot wants it. */
function mismatchOf(trust: RobotTrustRecord, claims: Claims): string | undefined {
  const audiences = [claims["aud"]].flat();
  if (!audiences.includes(trust.audience)) return `aud is not ${trust.audience}`;
  // The issuer's tokens are everybody's: without a claim all the world would be this robot.
  if (Object.keys(trust.claims).length === 0) return "the trust names no claim";
  const unmatched = findUnmatchedClaim(claims, trust.claims);
  return unmatched === undefined ? undefined : `${unmatched} is not ${trust.claims[unmatched]}`;
}
