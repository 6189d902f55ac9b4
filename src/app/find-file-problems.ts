import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { findHtpasswdProblems } from "../auth/index.ts";
import type { Config } from "../config/index.ts";
import { importCommand, repositoriesPrefix } from "../upkeep/index.ts";
import { importPlaceOf } from "./require-known-content.ts";
import { errorCode } from "../runtime/index.ts";

/** What is wrong with the files that a good configuration names, as far as a start would warn of it or end with it. */
export function findFileProblems(config: Config): readonly string[] {
  const missing = Object.entries(neededFiles(config)).flatMap(([key, paths]) =>
    paths.flatMap((path) => (path === undefined ? [] : problemsOf(key, path))),
  );
  return [...missing, ...htpasswdProblems(config), ...importProblems(config)];
}

/** Files that a start reads, by the key that names them. One of passwords is made where it is missing. */
function neededFiles({ auth, http: { tls } }: Config): Readonly<Record<string, readonly (string | undefined)[]>> {
  const files = tls?.certificate.kind === "files" ? tls.certificate : undefined;
  return {
    "http.tls.certificate": [files?.certificatePath],
    "http.tls.key": [files?.keyPath],
    "http.tls.clientcas": tls?.clientCaPaths ?? [],
    ...(auth.kind === "token" && {
      "auth.token.rootcertbundle": [auth.certificatesPath],
      "auth.token.jwks": [auth.keySet && "path" in auth.keySet ? auth.keySet.path : undefined],
    }),
    ...(auth.kind === "accounts" && {
      "auth.ldap.ca": auth.ldap.map(({ tls: { caPath } }) => caPath),
      "auth.oidc.ca": auth.oidc.map(({ caPath }) => caPath),
      "auth.workloads.issuers.ca": auth.workloads.issuers.map(({ caPath }) => caPath),
      "auth.workloads.issuers.jwksfile": auth.workloads.issuers.map(({ jwksPath }) => jwksPath),
    }),
  };
}

function problemsOf(key: string, path: string): readonly string[] {
  try {
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    return [`${key}: ${path} cannot be read: ${errorCode(error)}`];
  }
}

function htpasswdProblems({ auth }: Config): readonly string[] {
  const path = htpasswdPathOf(auth);
  if (path === undefined) return [];
  const problems = existsSync(path)
    ? findHtpasswdProblems(path)
    : [`there is no ${path}; serve will make it with one user, docker, and a password that it prints`];
  return problems.map((problem) => `auth.htpasswd.path: ${problem}`);
}

function htpasswdPathOf(auth: Config["auth"]): string | undefined {
  if (auth.kind === "htpasswd") return auth.path;
  return auth.kind === "accounts" ? auth.htpasswdPath : undefined;
}

/** Who has a database may have imported; a start knows. */
function importProblems(config: Config): readonly string[] {
  const place = importPlaceOf(config);
  if (!place || existsSync(config.database.path)) return [];
  const { rootDirectory } = place;
  if (!existsSync(join(rootDirectory, repositoriesPrefix))) return [];
  const problem = `${rootDirectory} is a registry:2's, and serve will not start before ${importCommand(place)}`;
  return [`storage.filesystem.rootdirectory: ${problem}`];
}
