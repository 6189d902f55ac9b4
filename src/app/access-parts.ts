import { randomBytes } from "node:crypto";
import { AccessDirectory, type Accounts, createAccounts, listRobots, listUsers } from "../access/index.ts";
import {
  type Authenticator,
  createHtpasswdIfMissing,
  createSignIn,
  findHtpasswdRules,
  HtpasswdSource,
  type SignIn,
  type SignInParts,
} from "../auth/index.ts";
import { COMMAND } from "./command-name.ts";
import type { Config } from "../config/index.ts";
import type { Door } from "../http/index.ts";
import type { JobDesk } from "../jobs/index.ts";
import type { MetadataDatabase, ReportUnrecorded } from "../metadata/index.ts";
import type { Registry } from "../registry/index.ts";
import { type Closers, type Log, systemClock } from "../runtime/index.ts";

export interface AccessParts {
  readonly config: Config;
  readonly metadata: MetadataDatabase;
  readonly jobs: JobDesk;
  readonly quotaRefusals: Registry["quotaRefusals"];
  readonly log: Log;
  /** Tells the person who starts it what must be read whatever the log's level is. */
  readonly tell: (notice: string) => void;
  readonly closers: Closers;
}

/** Who gets in, and where they ask to be. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly doors: readonly Door[];
}

export async function openHtpasswdFile({ log, tell }: AccessParts, path: string): Promise<HtpasswdSource> {
  const password = randomBytes(18).toString("base64url");
  if (await createHtpasswdIfMissing(path, password))
    tell(`${path} was missing and has been made with the user docker and the password ${password}; change it`);
  const file = new HtpasswdSource(path, randomBytes(32), (problem) => log.warn(problem));
  file.readFile();
  return file;
}

/** They were made when a password file stood alone, and are in force until somebody takes them away. */
export async function warnOfHtpasswdRules({ metadata, log }: AccessParts): Promise<void> {
  const rules = await findHtpasswdRules(metadata.reads);
  if (!rules) return;
  const commands = [
    ...(rules.hasRole ? [`${COMMAND} namespace remove-role / source:htpasswd`] : []),
    ...rules.grantIds.map((id) => `${COMMAND} access revoke ${id}`),
  ];
  const problem = "users of the password file may still push and delete everywhere, as when auth was htpasswd alone";
  log.warn(`${problem}; to take that away: ${commands.join(" and ")}`);
}

/** Accounts that were made here are good beside a password file, too: who counts on the file alone must know of them. */
export async function warnOfAccounts({ log, metadata: { reads } }: AccessParts): Promise<void> {
  const [users, robots] = await Promise.all([listUsers(reads, FIRST_ACCOUNTS), listRobots(reads, FIRST_ACCOUNTS)]);
  const local = users.filter(({ source, isDisabled }) => source === "local" && !isDisabled);
  const number = local.length + robots.filter(({ isDisabled }) => !isDisabled).length;
  if (number === 0) return;
  const lists = `${COMMAND} user list --local and ${COMMAND} robot list --local name them`;
  log.warn(`accounts of this registry may sign in beside the users of the password file; ${lists}`, {
    accounts: number,
  });
}

/** More than anybody makes by hand. */
const FIRST_ACCOUNTS = { after: "", limit: 1000 };

export function openAccounts({ config, metadata }: Pick<AccessParts, "config" | "metadata">): Accounts {
  const { auth } = config;
  const options = auth.kind === "accounts" ? { minPasswordLength: auth.passwords.minLength } : {};
  return createAccounts({ metadata, clock: systemClock, random: randomBytes, options });
}

/** What is missing in the audit trail stands in the log at least. */
export function reportUnrecorded({ log }: AccessParts): ReportUnrecorded {
  return (act, { message }) =>
    log.error("an act could not be put into the audit trail: nobody is refused for it", { ...act, error: message });
}

export interface OpenSignIn {
  readonly directory: AccessDirectory;
  readonly signIn: SignIn;
}

export function openSignIn(
  accounts: Accounts,
  parts: Pick<SignInParts, "sources" | "workloads" | "options" | "reportUnrecorded">,
): OpenSignIn {
  const directory = new AccessDirectory({ metadata: accounts.metadata, clock: systemClock });
  const accessGeneration = () => directory.generation();
  return { directory, signIn: createSignIn({ ...parts, accounts, accessGeneration, processKey: randomBytes(32) }) };
}
