import type { AccessParts } from "./access-parts.ts";
import type { AccessDirectory, Accounts } from "../access/index.ts";
import { basicChallenge, type SignIn, type WebSessions } from "../auth/index.ts";
import type { AccountsConfig, Config } from "../config/index.ts";
import { createApiDoor, createApiSignIn, type Door, problemAnswer, type SignInWay } from "../http/index.ts";
import { systemClock, whenThere } from "../runtime/index.ts";
import { registryOptions } from "./room-options.ts";
import { VERSION } from "./version.ts";

export interface ApiAccess {
  readonly accounts: Accounts;
  readonly directory: AccessDirectory;
  readonly signIn: SignIn;
  readonly sessions?: WebSessions;
}

/** The management API. */
export function openApiDoor({ config, metadata, jobs, quotaRefusals }: AccessParts, access: ApiAccess): Door {
  const { accounts, directory } = access;
  const door = createApiDoor({
    base: `${config.http.prefix}api/v1`,
    metadata,
    clock: systemClock,
    accounts,
    jobs,
    rules: () => whenThere(directory.now(), ({ rules }) => rules),
    authenticate: createApiSignIn(access),
    registryOptions: registryOptions(config),
    quotaRefusals,
    service: { version: VERSION, signIn: waysToSignIn(config) },
  });
  const challenge = () => basicChallenge("Berth");
  return { ...door, answerError: (error, context) => problemAnswer(error, { ...context, challenge }) };
}

function waysToSignIn({ auth, http }: Config): readonly SignInWay[] {
  if (auth.kind === "htpasswd") return [passwordOf("htpasswd")];
  return auth.kind === "accounts" ? waysToAccounts(auth, http.prefix) : [];
}

function waysToAccounts({ htpasswdPath, ldap, oidc }: AccountsConfig, prefix: string): readonly SignInWay[] {
  return [
    passwordOf("local"),
    ...(htpasswdPath === undefined ? [] : [passwordOf("htpasswd")]),
    ...ldap.map(({ name }) => passwordOf(`ldap:${name}`)),
    ...oidc.map(({ name, title }) => ({
      kind: "oidc" as const,
      source: `oidc:${name}`,
      title,
      startUrl: `${prefix}sign-in/oidc/${name}`,
    })),
  ];
}

function passwordOf(source: string): SignInWay {
  return { kind: "password", source, title: source };
}
