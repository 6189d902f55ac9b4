import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { takeFreePort } from "../support/free-port.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

/** OpenLDAP's server with some people and groups in `dc=example,dc=com`. */
export interface Slapd {
  readonly url: string;
  readonly ldapsUrl: string;
  readonly port: number;
  readonly ldapsPort: number;
  /** PEM file of the authority of its certificate, which is for 127.0.0.1 and localhost. */
  readonly authority: string;
  /** As the administrator. */
  change(ldif: string): Promise<void>;
  stop(): Promise<void>;
  /** On the same ports, with the same content. */
  start(): Promise<void>;
}

export const baseDn = "dc=example,dc=com";
export const accountDn = `cn=svc,${baseDn}`;
export const accountPassword = "svcsecret";

interface SlapdFiles {
  readonly folder: string;
  readonly certificates: Certificates;
}

export async function startSlapd(slapd: string): Promise<Slapd> {
  const folder = makeTemporaryFolder("slapd");
  mkdirSync(join(folder, "db"), { mode: 0o700 });
  const certificates = await makeCertificates();
  await Bun.write(join(folder, "slapd.conf"), configuration({ folder, certificates }));
  const [port, ldapsPort] = [takeFreePort(), takeFreePort()];
  const [url, ldapsUrl] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${ldapsPort}`];
  const administrator = argv`-x -H ${url} -D cn=admin,${baseDn} -w adminsecret`;
  const run = (): Promise<Daemon> =>
    startDaemon({
      argv: argv`${slapd} -h ${`${url} ${ldapsUrl}`} -f ${join(folder, "slapd.conf")} -d 0`,
      isReady: async () => (await runProgram(argv`ldapwhoami ${administrator}`)).exitCode === 0,
    });
  let daemon = await run();
  const change = async (ldif: string) => {
    await mustRun(argv`ldapmodify ${administrator}`, { input: ldif });
  };
  await mustRun(argv`ldapadd ${administrator}`, { input: content });
  return {
    url,
    ldapsUrl,
    port,
    ldapsPort,
    authority: certificates.authority,
    change,
    stop: () => daemon.stop(),
    async start() {
      daemon = await run();
    },
  };
}

const configuration = ({ folder, certificates }: SlapdFiles) => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb.la
moduleload memberof.la
moduleload refint.la
moduleload ppolicy.la
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
TLSCertificateFile ${certificates.certificate}
TLSCertificateKeyFile ${certificates.key}
sizelimit unlimited
database mdb
maxsize 104857600
suffix "${baseDn}"
rootdn "cn=admin,${baseDn}"
rootpw adminsecret
directory ${folder}/db
dbnosync
index objectClass,uid,cn,mail,member,memberOf eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
overlay memberof
memberof-refint TRUE
memberof-dangling ignore
overlay refint
refint_attributes memberof member
overlay ppolicy
ppolicy_default "cn=policy,${baseDn}"
ppolicy_use_lockout
`;

const person = (dn: string, uid: string, password: string, more = "") => `
dn: ${dn},${baseDn}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${password}
${more}`;

const group = (dn: string, ...members: readonly string[]) => `
dn: ${dn},ou=groups,${baseDn}
objectClass: groupOfNames
${members.map((member) => `member: ${member},${baseDn}`).join("\n")}
`;

/** `twin` is there twice; `ring-a` and `ring-b` are in each other; both `admins` are called the same. */
const content = `
dn: ${baseDn}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${accountDn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: svc
userPassword: ${accountPassword}

dn: cn=policy,${baseDn}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 1000

${["people", "groups", "guests"].map((ou) => `dn: ou=${ou},${baseDn}\nobjectClass: organizationalUnit\nou: ${ou}\n`).join("\n")}
${person("uid=alice,ou=people", "alice", "pw-alice", "displayName: Alice Liddell\nmail: alice@example.com\n")}
${person("uid=bob,ou=people", "bob", "pw-bob")}
${person("uid=carol,ou=people", "carol", "pw-carol")}
${person("uid=loner,ou=people", "loner", "pw-loner")}
${person("uid=twin,ou=people", "twin", "pw-twin")}
${person("uid=twin,ou=guests", "twin", "pw-twin")}
${person("uid=zoë\\, jr\\+*,ou=people", "zoë, jr+*", "pw-zoë")}
${group("cn=developers", "uid=alice,ou=people", "uid=bob,ou=people")}
${group("cn=staff", "cn=developers,ou=groups", "uid=carol,ou=people")}
${group("cn=company", "cn=staff,ou=groups")}
${group("cn=ring-a", "cn=ring-b,ou=groups", "uid=alice,ou=people")}
${group("cn=ring-b", "cn=ring-a,ou=groups")}
${group("cn=admins", "uid=carol,ou=people")}

dn: ou=other,ou=groups,${baseDn}
objectClass: organizationalUnit
ou: other

dn: cn=admins,ou=other,ou=groups,${baseDn}
objectClass: groupOfNames
member: uid=carol,ou=people,${baseDn}

dn: cn=posixdev,ou=groups,${baseDn}
objectClass: posixGroup
gidNumber: 5000
memberUid: alice
`;
