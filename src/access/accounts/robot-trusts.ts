import {
  insertRobotTrust,
  listRobotTrusts as listTrustRecords,
  type Queries,
  raiseAccountGeneration,
  removeRobotTrust,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { getRobotInHands, getRobotRecord } from "./robots.ts";

/** Whose ID tokens make a robot of a job: those of the issuer, for the audience, with all of these claims. */
export interface RobotTrust {
  readonly id: number;
  readonly issuer: string;
  readonly audience: string;
  /** By claim, a text in which `*` is any text. */
  readonly claims: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

export interface NewRobotTrust extends Pick<RobotTrust, "issuer" | "audience" | "claims"> {
  /** Its whole name. */
  readonly robot: string;
}

const MAX_LENGTH = 1024;
const MOST_CLAIMS = 20;
/** Of one robot. */
const MOST_TRUSTS = 50;

/**
 * @throws RegistryError `not-found`, `denied`; `bad-request` also for claims that everybody has whom the issuer knows; `conflict`
 */
export async function addRobotTrust(change: Change, trust: NewRobotTrust): Promise<RobotTrust> {
  const { robot, issuer, audience, claims } = trust;
  requireIssuer(issuer);
  if (audience.trim() === "" || audience.length > MAX_LENGTH)
    throw badTrust("audience", "an audience is what the job's token is made for, such as the registry's host");
  requireClaims(claims);
  const { queries, nowMs: createdAtMs } = change;
  const { id: accountId } = await getRobotInHands(change, robot);
  if ((await listTrustRecords(queries, accountId)).length >= MOST_TRUSTS)
    throw new RegistryError("conflict", `${robot} has ${MOST_TRUSTS} trusts already: take some away before`);
  const id = await insertRobotTrust(queries, { accountId, issuer, audience, claims, createdAtMs });
  await change.record({ act: "robot.trust.add", target: robot, detail: { id, issuer, audience, claims } });
  return { id, issuer, audience, claims, createdAtMs };
}

/** In the order in which they were made. @throws RegistryError `not-found` */
export async function listRobotTrusts(queries: Queries, robot: string): Promise<readonly RobotTrust[]> {
  const records = await listTrustRecords(queries, (await getRobotRecord(queries, robot)).id);
  return records.map(({ id, issuer, audience, claims, createdAtMs }) => ({
    id,
    issuer,
    audience,
    claims,
    createdAtMs,
  }));
}

/** All tokens of the robot end. @throws RegistryError `not-found`, `denied` */
export async function deleteRobotTrust(
  change: Change,
  { robot, id }: { readonly robot: string; readonly id: number },
): Promise<void> {
  const { id: accountId } = await getRobotInHands(change, robot);
  if (!(await removeRobotTrust(change.queries, { accountId, id })))
    throw new RegistryError("not-found", `${robot} has no trust with the id ${id}`);
  await raiseAccountGeneration(change.queries, accountId);
  await change.record({ act: "robot.trust.remove", target: robot, detail: { id } });
}

/** @spec OpenID Connect Core 1.0, "ID Token", `iss` */
function requireIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!url || !isSecure || url.search !== "" || url.hash !== "" || url.username !== "" || issuer.length > MAX_LENGTH)
    throw badTrust("issuer", "an issuer is an https URL such as https://token.actions.githubusercontent.com");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

function requireClaims(claims: Readonly<Record<string, string>>): void {
  const entries = Object.entries(claims);
  if (entries.length > MOST_CLAIMS) throw badTrust("claims", `a trust has at most ${MOST_CLAIMS} claims`);
  for (const [claim, pattern] of entries)
    if (!/^[\w.:/-]{1,128}$/.test(claim) || pattern === "" || pattern.length > MAX_LENGTH)
      throw badTrust("claims", `the claim ${shorten(claim)} has no pattern such as team/app or refs/heads/*`);
  // A public issuer gives tokens to everybody in the world.
  if (!entries.some(([claim, pattern]) => /[^*]/.test(pattern) && !SAME_FOR_ALL.has(claim)))
    throw badTrust("claims", "a trust names one claim at least by more than *, such as repository: team/app");
}

/** They say nothing of whom the token is given to. */
const SAME_FOR_ALL: ReadonlySet<string> = new Set(["iss", "aud"]);

function badTrust(field: string, message: string): RegistryError {
  return new RegistryError("bad-request", message, { detail: { field } });
}
