import { randomBytes, randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { Stores } from "./app-stores.ts";
import {
  AccessDirectory,
  type Accounts,
  type Authenticator,
  basicChallenge,
  bearerChallenge,
  createAccounts,
  createFirstAdministrator,
  createHtpasswdIfMissing,
  createSignIn,
  findAccount,
  grantAccess,
  HtpasswdSource,
  openLdapSources,
  openSealSecret,
  openToAll,
  type PasswordSource,
  RuledAuthenticator,
  type RuledAuthenticatorParts,
  Seal,
  seedHtpasswdRules,
  type SignIn,
  SigningKeys,
  TokenIssuer,
  TokenVerifier,
} from "./auth/index.ts";
import { COMMAND } from "./command-name.ts";
import type { AccountsConfig, Config } from "./config/index.ts";
import { createTokenHandler, type Door, respondKeySet } from "./http/index.ts";
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
  return auth.kind === "htpasswd" ? openHtpasswdAccess(parts, auth) : openAccountAccess(parts, auth);
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

/** Accounts in the database, with users of other sources beside those of its own, and tokens. */
async function openAccountAccess(parts: AccessParts, auth: AccountsConfig): Promise<Access> {
  const { metadata, closers } = parts;
  const file = auth.htpasswdPath === undefined ? undefined : await openHtpasswdFile(parts, auth.htpasswdPath);
  const directories = await openLdapSources(auth.ldap, { log: parts.log, clock: systemClock });
  for (const source of directories) closers.add(() => source.close());
  const core = openCore(parts, file ? [file, ...directories] : directories, auth);
  const { directory, signIn } = core;
  await greetFirstAdministrator(parts, core.accounts);
  const keys = await openSigningKeys(parts, auth);
  const tokenParts = { keys, options: auth.tokens, clock: systemClock, newId: randomUUID };
  const authenticator = new RuledAuthenticator({
    ...authenticatorParts(core),
    tokens: new TokenVerifier(tokenParts),
    challenge: ({ origin, ...challenge }) =>
      bearerChallenge({
        ...challenge,
        service: auth.tokens.service,
        realm: auth.tokens.realm ?? tokenUrl(parts, origin),
      }),
    outsideVersion: () => file?.version(),
  });
  closers.add(() => authenticator.close());
  const respond = createTokenHandler({
    service: auth.tokens.service,
    signIn,
    grantAccess: (identity, wanted) => grantAccess(directory, identity, wanted),
    issuer: new TokenIssuer(tokenParts),
    metadata,
    clock: systemClock,
  });
  const doors: readonly Door[] = [
    { path: "/token", name: "token", respond },
    { path: "/token/jwks", name: "token", respond: () => respondKeySet(keys) },
  ];
  return { authenticator, doors };
}

async function greetFirstAdministrator({ tell }: AccessParts, accounts: Accounts): Promise<void> {
  const first = await createFirstAdministrator(accounts);
  if (!first) return;
  const change = `${COMMAND} user change-password ${first.name}`;
  tell(`the administrator ${first.name} has been made with the password ${first.password}; change it first: ${change}`);
}

/** Where a client finds the token end-point, under the address that it uses. */
function tokenUrl({ config }: AccessParts, origin: string): string {
  return `${origin}${config.http.prefix}token`;
}

async function openSigningKeys(parts: AccessParts, { tokens }: AccountsConfig): Promise<SigningKeys> {
  const { metadata, log } = parts;
  const seal = new Seal(await openSecret(parts), "token keys", randomBytes);
  return SigningKeys.open({ metadata, seal, algorithm: tokens.algorithm, clock: systemClock, log });
}

/** What is in the database is sealed with what is not in it. */
async function openSecret({ config, log }: AccessParts): Promise<string | Uint8Array> {
  const { path } = config.database;
  if (config.http.secret !== undefined) return config.http.secret;
  if (path === ":memory:") return randomBytes(32);
  return openSealSecret(`${dirname(path)}/berth.secret`, {
    random: randomBytes,
    report: (problem) => log.warn(problem),
  });
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

function openCore(
  { metadata }: AccessParts,
  sources: readonly PasswordSource[],
  { passwords, externalCacheMs }: Partial<AccountsConfig> = {},
): Core {
  const options = passwords && { minPasswordLength: passwords.minLength };
  const accounts = createAccounts({ metadata, clock: systemClock, random: randomBytes, ...(options && { options }) });
  const directory = new AccessDirectory({ metadata, clock: systemClock, findAccount });
  const accessGeneration = () => directory.generation();
  const signIn = createSignIn({
    accounts,
    sources,
    accessGeneration,
    processKey: randomBytes(32),
    ...(externalCacheMs !== undefined && { options: { externalCacheMs } }),
  });
  return { accounts, directory, signIn };
}

function authenticatorParts({
  directory,
  signIn,
}: Core): Omit<RuledAuthenticatorParts, "challenge" | "outsideVersion"> {
  return { directory, signIn, clock: systemClock, processKey: randomBytes(32), close: () => undefined };
}
