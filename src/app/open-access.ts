import { randomBytes } from "node:crypto";
import { openAccountAccess } from "./open-account-access.ts";
import { openApiDoor } from "./open-api-door.ts";
import {
  type Access,
  type AccessParts,
  openAccounts,
  openHtpasswdFile,
  openSignIn,
  reportUnrecorded,
  warnOfAccounts,
} from "./access-parts.ts";
import {
  type Authenticator,
  basicChallenge,
  bearerChallenge,
  ExternalTokenAuthenticator,
  type ExternalTokenOptions,
  loadOptionalCode,
  openToAll,
  realmOf,
  RuledAuthenticator,
  seedHtpasswdRules,
} from "../auth/index.ts";
import { createSafeFetch, systemClock } from "../runtime/index.ts";

/** Opens what finds out who asks, as the configuration says. */
export async function openAccess(parts: AccessParts): Promise<Access> {
  const { auth } = parts.config;
  if (auth.kind === "accounts") return openAccountAccess(parts, auth);
  if (auth.kind === "token") return openTokenAccess(parts, auth);
  return auth.kind === "htpasswd" ? openHtpasswdAccess(parts, auth) : { authenticator: openToAll, doors: [] };
}

/** registry:2's way: a file of users, of whom each may do everything, until rules in the database say otherwise. */
async function openHtpasswdAccess(
  parts: AccessParts,
  { path, realm }: { readonly path: string; readonly realm: string },
): Promise<Access> {
  const file = await openHtpasswdFile(parts, path);
  await seedHtpasswdRules(parts.metadata, systemClock.nowMs());
  const accounts = openAccounts(parts);
  await warnOfAccounts(parts);
  const { directory, signIn } = openSignIn(accounts, { sources: [file], reportUnrecorded: reportUnrecorded(parts) });
  const authenticator = new RuledAuthenticator({
    directory,
    signIn,
    challenge: () => basicChallenge(realm),
    outsideVersion: () => file.version(),
    clock: systemClock,
    processKey: randomBytes(32),
  });
  return { authenticator, doors: [openApiDoor(parts, { accounts, directory, signIn })] };
}

/** Tokens of another server, which alone says who may do what. */
async function openTokenAccess({ log }: AccessParts, token: ExternalTokenOptions): Promise<Access> {
  const { ExternalTokenVerifier } = await loadOptionalCode();
  const verifier = await ExternalTokenVerifier.open(token, {
    fetch: fetchKeySet,
    clock: systemClock,
    report: (message, error) => log.warn(message, { error }),
  });
  const challenge: Authenticator["challenge"] = ({ origin, ...rest }) =>
    bearerChallenge({ ...rest, service: token.service, realm: realmOf(token, origin) });
  return { authenticator: new ExternalTokenAuthenticator(verifier, challenge), doors: [] };
}

const KEY_SET_LIMITS = { timeoutMs: 10_000, maxBytes: 2 ** 20 };

/** The operator says where the keys are, so that may be inside too. */
function fetchKeySet(url: string): Promise<Response> {
  const fetch = createSafeFetch({
    ...KEY_SET_LIMITS,
    allowHttp: url.startsWith("http:"),
    allowedNetworks: ["0.0.0.0/0", "::/0"],
  });
  return fetch(url);
}
