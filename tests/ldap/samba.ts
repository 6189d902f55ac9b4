import { chmodSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { startDaemon } from "../support/daemon.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { TestAuthority } from "../tls/test-authority.ts";

/** A domain controller of Active Directory for `example.test`, with nobody in it but the administrator. */
export interface Samba {
  readonly url: string;
  readonly ldapsUrl: string;
  /** PEM file of the authority of its certificate, which is for {@link serverName}. */
  readonly authority: string;
  /** As the administrator. */
  change(ldif: string): Promise<void>;
  stop(): Promise<void>;
}

export const baseDn = "DC=example,DC=test";
export const serverName = "dc1.example.test";

/** Its ports cannot be chosen; on this address nobody else has them. */
const address = "127.0.0.2";
const administratorPassword = "P@ssw0rd-123";

export interface SambaPrograms {
  readonly samba: string;
  readonly sambaTool: string;
}

export async function startSamba({ samba, sambaTool }: SambaPrograms): Promise<Samba> {
  const folder = join(makeTemporaryFolder("samba"), "dc");
  const authority = await TestAuthority.make("Authority of the domain");
  await provision(sambaTool, folder);
  await configure(folder, await authority.issue(serverName));
  const daemon = await startDaemon({
    argv: argv`${samba} -i -M single --debug-stdout --configfile=${join(folder, "etc/smb.conf")}`,
    isReady: () => answers(636),
  });
  return {
    url: `ldap://${address}`,
    ldapsUrl: `ldaps://${address}`,
    authority: authority.certificate,
    change: (ldif) => change(ldif),
    stop: () => daemon.stop(),
  };
}

async function provision(sambaTool: string, folder: string): Promise<void> {
  await mustRun(argv`${sambaTool} domain provision --realm=EXAMPLE.TEST --domain=EXAMPLE --server-role=dc
    --dns-backend=NONE --host-name=dc1 --host-ip=${address} --adminpass=${administratorPassword} --targetdir=${folder}
    ${[`--option=interfaces=${address}/8`, "--option=bind interfaces only=yes"]}`);
}

/** Only LDAP, with everything of it in the folder. */
async function configure(folder: string, issued: { certificate: string; key: string }): Promise<void> {
  for (const name of ["pid", "ncalrpc"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(issued.key, 0o600);
  const file = Bun.file(join(folder, "etc/smb.conf"));
  const ours = `[global]
	server services = ldap
	ldap server require strong auth = no
	tls enabled = yes
	tls certfile = ${issued.certificate}
	tls keyfile = ${issued.key}
	tls cafile =
	pid directory = ${folder}/pid
	ncalrpc dir = ${folder}/ncalrpc
	log file = ${folder}/log.samba
`;
  const theirs = (await file.text()).replaceAll(/^\s*(?:server services|log file) = .*\n/gmu, "");
  await Bun.write(file, theirs.replace("[global]\n", ours));
}

/** Over TLS, without which no password may be set. */
async function change(ldif: string): Promise<void> {
  const who = argv`-x -H ldaps://${address} -D Administrator@example.test -w ${administratorPassword}`;
  await mustRun(argv`ldapmodify ${who}`, { input: ldif, env: { LDAPTLS_REQCERT: "never" } });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** LDIF of a new user. 512 is an account like any other, 514 a disabled one. */
export function newUser(
  name: string,
  password: string,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  const quoted = Buffer.from(`"${password}"`, "utf16le").toString("base64");
  const all = { userPrincipalName: `${name}@example.test`, userAccountControl: 512, ...attributes };
  const lines = Object.entries(all).map(([attribute, value]) => `${attribute}: ${value}`);
  return `
dn: CN=${name},CN=Users,${baseDn}
changetype: add
objectClass: user
sAMAccountName: ${name}
unicodePwd:: ${quoted}
${lines.join("\n")}
`;
}

/** LDIF of a new group with users and groups in it. */
export function newGroup(name: string, ...members: readonly string[]): string {
  return `
dn: CN=${name},CN=Users,${baseDn}
changetype: add
objectClass: group
sAMAccountName: ${name}
${members.map((member) => `member: CN=${member},CN=Users,${baseDn}\n`).join("")}`;
}

/** LDIF that puts somebody into a group. */
export function newMember(group: string, member: string): string {
  return `
dn: CN=${group},CN=Users,${baseDn}
changetype: modify
add: member
member: CN=${member},CN=Users,${baseDn}
`;
}
