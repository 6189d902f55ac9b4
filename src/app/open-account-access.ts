import { findRepositoryMove } from "../metadata/index.ts";
import type { RepositoryName } from "../oci/index.ts";
import { randomBytes, randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { openApiDoor } from "./open-api-door.ts";
import {
  type Access,
  type AccessParts,
  openAccounts,
  openHtpasswdFile,
  openSignIn,
  reportUnrecorded,
  warnOfHtpasswdRules,
} from "./access-parts.ts";
import { type Accounts, createFirstAdministrator, ensureExternalAccount } from "../access/index.ts";
import {
  bearerChallenge,
  type CertificateSignIn,
  type ClientCertificateOptions,
  grantByRules,
  type HtpasswdSource,
  loadOptionalCode,
  openSealSecret,
  type PasswordSource,
  RuledAuthenticator,
  Seal,
  type SignIn,
  type SigningKeys,
  WebSessions,
} from "../auth/index.ts";
import { COMMAND } from "./command-name.ts";
import type { AccountsConfig } from "../config/index.ts";
import { createSignInDoors, createTokenDoor, type Door, respondKeySet } from "../http/index.ts";
import { systemClock } from "../runtime/index.ts";
import { serverFromHere } from "./server-from-here.ts";

/** Accounts in the database, with users of other sources beside those of its own, and tokens. */
export async function openAccountAccess(parts: AccessParts, auth: AccountsConfig): Promise<Access> {
  const { metadata } = parts;
  const code = await loadOptionalCode();
  const accounts = openAccounts(parts);
  await greetFirstAdministrator(parts, accounts);
  await warnOfHtpasswdRules(parts);
  const file = auth.htpasswdPath === undefined ? undefined : await openHtpasswdFile(parts, auth.htpasswdPath);
  const { directory, signIn } = openSignIn(accounts, {
    sources: openSources(parts, file, { ldap: auth.ldap, code }),
    workloads: code.createWorkloadTokens({
      queries: metadata.reads,
      options: auth.workloads,
      clock: systemClock,
      log: parts.log,
    }),
    options: { externalCacheMs: auth.externalCacheMs },
    reportUnrecorded: reportUnrecorded(parts),
  });
  const { tokens } = auth;
  const secret = await openSecret(parts);
  const keys = await openSigningKeys(parts, { auth, secret, code });
  const tokenParts = { keys, options: tokens, clock: systemClock, newId: randomUUID };
  const authenticator = new RuledAuthenticator({
    directory,
    signIn,
    certificates: auth.clientCertificates && openCertificateSignIn(parts, auth.clientCertificates, code),
    tokens: new code.TokenVerifier(tokenParts),
    challenge: ({ origin, ...challenge }) =>
      bearerChallenge({ ...challenge, service: tokens.service, realm: tokens.realm ?? tokenUrl(parts, origin) }),
    outsideVersion: () => file?.version(),
    clock: systemClock,
    processKey: randomBytes(32),
  });
  const findMovedName = async (name: RepositoryName) =>
    (await findRepositoryMove(metadata.reads, name, systemClock.nowMs()))?.to;
  const tokenDoor = createTokenDoor({
    service: tokens.service,
    signIn,
    grantAccess: (identity, wanted) => grantByRules(directory, identity, { wanted, findMovedName }),
    issuer: new code.TokenIssuer(tokenParts),
    metadata,
    reportUnrecorded: reportUnrecorded(parts),
    clock: systemClock,
  });
  const sessions = new WebSessions({
    metadata,
    options: auth.sessions,
    clock: systemClock,
    random: randomBytes,
  });
  const doors: readonly Door[] = [
    tokenDoor,
    { path: "/token/jwks", name: "token", respond: ({ request }) => respondKeySet(keys, request) },
    ...openSignInDoors(parts, { auth, accounts, signIn, sessions, secret, code }),
    openApiDoor(parts, { accounts, directory, signIn, sessions }),
  ];
  return { authenticator, doors };
}

function openCertificateSignIn(
  parts: AccessParts,
  options: ClientCertificateOptions,
  code: OptionalCode,
): CertificateSignIn {
  return new code.CertificateSignIn({
    rules: code.createCertificateRules(options.rules),
    metadata: parts.metadata,
    reportUnrecorded: reportUnrecorded(parts),
    clock: systemClock,
  });
}

function openSources(
  { log, closers }: AccessParts,
  file: HtpasswdSource | undefined,
  { ldap, code }: Pick<AccountsConfig, "ldap"> & { readonly code: OptionalCode },
): readonly PasswordSource[] {
  const directories = ldap.map((options) => code.openLdapSource(options, { log, clock: systemClock }));
  for (const directory of directories) closers.add(() => directory.close());
  return file ? [file, ...directories] : directories;
}

async function greetFirstAdministrator({ config, tell }: AccessParts, accounts: Accounts): Promise<void> {
  const first = await createFirstAdministrator(accounts);
  if (!first) return;
  const change = `${COMMAND} login ${serverFromHere(config)} -u ${first.name}`;
  tell(`the administrator ${first.name} has been made with the password ${first.password}; change it first: ${change}`);
}

/** Where a client finds the token end-point, under the address that it uses. */
function tokenUrl({ config }: AccessParts, origin: string): string {
  return `${origin}${config.http.prefix}token`;
}

type OptionalCode = Awaited<ReturnType<typeof loadOptionalCode>>;

interface KeyParts {
  readonly auth: AccountsConfig;
  readonly secret: Secret;
  readonly code: OptionalCode;
}

async function openSigningKeys({ metadata, log }: AccessParts, { auth, secret, code }: KeyParts): Promise<SigningKeys> {
  const seal = new Seal(secret, "token keys", randomBytes);
  return code.SigningKeys.open({ metadata, seal, algorithm: auth.tokens.algorithm, clock: systemClock, log });
}

type Secret = string | Uint8Array;

/** What is in the database, or with browsers, is sealed with what is not. */
async function openSecret({ config, log }: AccessParts): Promise<Secret> {
  const { path } = config.database;
  if (config.http.secret !== undefined) return config.http.secret;
  if (path === ":memory:") return randomBytes(32);
  return openSealSecret(`${dirname(path)}/berth.secret`, {
    random: randomBytes,
    report: (problem) => log.warn(problem),
  });
}

interface BrowserParts {
  readonly auth: AccountsConfig;
  readonly accounts: Accounts;
  readonly signIn: SignIn;
  readonly sessions: WebSessions;
  readonly secret: Secret;
  readonly code: OptionalCode;
}

/** How browsers sign in and out. */
function openSignInDoors(
  { config, metadata }: AccessParts,
  { auth, accounts, signIn, sessions, secret, code }: BrowserParts,
): readonly Door[] {
  const seal = new Seal(secret, "sign-in", randomBytes);
  const oidc = { metadata, options: auth.oidc, clock: systemClock, random: randomBytes, seal };
  const providers = new code.OidcProviders(oidc);
  return createSignInDoors({
    metadata,
    providers,
    sessions,
    signIn,
    ensureExternalAccount: (source, identity, by) => ensureExternalAccount(accounts, { source, identity }, by),
    clock: systemClock,
    prefix: config.http.prefix,
  });
}
