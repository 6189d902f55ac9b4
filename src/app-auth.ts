import { randomBytes } from "node:crypto";
import type { Stores } from "./app-stores.ts";
import {
  AccessDirectory,
  type Accounts,
  type Authenticator,
  basicChallenge,
  createAccounts,
  createHtpasswdIfMissing,
  createSignIn,
  findAccount,
  HtpasswdSource,
  openToAll,
  type PasswordSource,
  RuledAuthenticator,
  type RuledAuthenticatorParts,
  seedHtpasswdRules,
  type SignIn,
} from "./auth/index.ts";
import type { Config } from "./config/index.ts";
import type { Door } from "./http/index.ts";
import { type Closers, type Log, systemClock } from "./runtime/index.ts";

export interface AccessParts {
  readonly config: Config;
  readonly metadata: Stores["metadata"];
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

/** Opens what finds out who asks, as the configuration says. */
export async function openAccess(parts: AccessParts): Promise<Access> {
  const { auth } = parts.config;
  if (auth.kind === "none") return { authenticator: openToAll, doors: [] };
  if (auth.kind === "htpasswd") return openHtpasswdAccess(parts, auth);
  throw new Error("accounts: to be wired");
}

/** registry:2's way: a file of users, of whom each may do everything, until rules in the database say otherwise. */
async function openHtpasswdAccess(
  parts: AccessParts,
  { path, realm }: { readonly path: string; readonly realm: string },
): Promise<Access> {
  const file = await openHtpasswdFile(parts, path);
  await seedHtpasswdRules(parts.metadata, systemClock.nowMs());
  const core = openCore(parts, [file]);
  const authenticator = new RuledAuthenticator({
    ...authenticatorParts(core),
    challenge: () => basicChallenge(realm),
    outsideVersion: () => file.version(),
  });
  parts.closers.add(() => authenticator.close());
  return { authenticator, doors: [] };
}

async function openHtpasswdFile({ log, tell }: AccessParts, path: string): Promise<HtpasswdSource> {
  const password = randomBytes(18).toString("base64url");
  if (await createHtpasswdIfMissing(path, password))
    tell(`${path} was missing and has been made with the user docker and the password ${password}; change it`);
  const file = new HtpasswdSource(path, randomBytes(32), (problem) => log.warn(problem));
  file.readFile();
  return file;
}

interface Core {
  readonly accounts: Accounts;
  readonly directory: AccessDirectory;
  readonly signIn: SignIn;
}

function openCore({ metadata }: AccessParts, sources: readonly PasswordSource[]): Core {
  const accounts = createAccounts({ metadata, clock: systemClock, randomBytes });
  const directory = new AccessDirectory({ metadata, clock: systemClock, findAccount });
  const accessGeneration = () => directory.generation();
  const signIn = createSignIn({ accounts, sources, accessGeneration, processKey: randomBytes(32) });
  return { accounts, directory, signIn };
}

function authenticatorParts({ directory, signIn }: Core): Omit<RuledAuthenticatorParts, "challenge" | "outsideVersion"> {
  return { directory, signIn, clock: systemClock, processKey: randomBytes(32), close: () => undefined };
}
