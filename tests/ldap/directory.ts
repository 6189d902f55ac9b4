import { readFileSync } from "node:fs";

import type { LdapOptions } from "../../src/auth/ldap/options.ts";
import { openLdapSource } from "../../src/auth/ldap/ldap-source.ts";
import { logTo } from "../unit/http/health/log-to.ts";
import { accountDn, accountPassword, baseDn } from "./slapd.ts";

/** A directory as the registry knows it, and what it has logged. */
export type OpenDirectory = ReturnType<typeof openLdapSource> & {
  /** Lines as text. */
  logged(): string;
};

const opened: OpenDirectory[] = [];

/** Closed by {@link closeDirectories}. */
export function openDirectory(options: LdapOptions, nowMs: () => number = Date.now): OpenDirectory {
  const lines: string[] = [];
  const source = openLdapSource(options, { log: logTo(lines), clock: { nowMs } });
  const directory = Object.assign(source, { logged: () => lines.join("") });
  opened.push(directory);
  return directory;
}

export async function closeDirectories(): Promise<void> {
  await Promise.all(opened.splice(0).map((directory) => directory.close()));
}

/** Plain LDAP, an account that searches, no groups. */
export function searchOptions(url: string, changes: Partial<LdapOptions> = {}): LdapOptions {
  return {
    name: "test",
    urls: [url],
    tls: { startTls: false, caPath: undefined, serverName: undefined, skipVerify: false },
    bind: { kind: "search", dn: accountDn, password: accountPassword },
    users: {
      baseDn,
      filter: "(uid={user})",
      extraFilter: undefined,
      attributes: { name: "uid", displayName: "displayName", email: "mail", id: "entryUUID" },
    },
    groups: undefined,
    connectTimeoutMs: 3000,
    timeoutMs: 3000,
    maxSignIns: 4,
    ...changes,
  };
}

/** How many connections of this machine lead to a port of 127.0.0.1, without those that are being closed. */
export function connectionsTo(port: number): number {
  const established = "01";
  const target = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return rows.map((row) => row.trim().split(/\s+/u)).filter((row) => row[2] === target && row[3] === established)
    .length;
}
