import type { ActOrigin } from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import { findAccountById, isRobotName, isUsable, secretKindOf, WORKLOAD_USER_NAME } from "../../access/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";
import type { Outcome, SignInMethod } from "./proof.ts";
import { type PasswordCheck, provePassword } from "./prove-password.ts";
import { proveSecret } from "./prove-secret.ts";
import type { WorkloadTokens } from "./workload-tokens.ts";

export interface Check extends PasswordCheck {
  readonly workloads: WorkloadTokens | undefined;
}

export interface Claim {
  readonly credentials: BasicCredentials;
  readonly method: SignInMethod;
  readonly by: ActOrigin;
}

/** Three parts of base64url, of which the first begins as a JSON object does. */
const ID_TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** What a client has put into the place of the password. */
export function methodOf({ username, password }: BasicCredentials): SignInMethod {
  const kind = secretKindOf(password);
  if (kind === "robot") return "robot-secret";
  if (kind === "personal") return "personal-token";
  const isOfJob = username === WORKLOAD_USER_NAME || isRobotName(username);
  return isOfJob && ID_TOKEN.test(password) ? "workload-token" : "password";
}

/** @throws RegistryError `unavailable`, `too-many-requests`; what is wrong with the credentials is a refusal */
export async function prove(check: Check, { credentials, method, by }: Claim): Promise<Outcome> {
  if (method === "password") return provePassword(check, credentials, by);
  if (method === "workload-token") return proveWorkload(check, credentials);
  const kind = SECRET_KINDS[method];
  const username = method === "refresh-token" ? undefined : credentials.username;
  return proveSecret(check, { text: credentials.password, kind, username }, by);
}

const SECRET_KINDS = { "robot-secret": "robot", "personal-token": "personal", "refresh-token": "refresh" } as const;

async function proveWorkload(
  { workloads, accounts }: Check,
  { username, password }: BasicCredentials,
): Promise<Outcome> {
  if (!workloads) return { refusal: "ID tokens of jobs are not taken" };
  try {
    const { id } = await workloads.robotOf(password, username === WORKLOAD_USER_NAME ? undefined : username);
    const account = await findAccountById(accounts.metadata.reads, id);
    if (!account || !isUsable(account, accounts.clock.nowMs()))
      return { refusal: "the account is disabled or has expired" };
    const { expiresAtMs } = account;
    return { identity: { account, limits: [], expiresAtMs, isByPassword: false }, untilMs: 0 };
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "login-failed") return { refusal: reasonOf(error) };
    throw error;
  }
}

/** The client is told less than the audit trail. */
function reasonOf({ message, cause }: RegistryError): string {
  return shorten(cause instanceof Error ? cause.message : message);
}
