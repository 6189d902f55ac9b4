import { join } from "node:path";

import { argv } from "./argv.ts";
import { mustRun } from "./run-program.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Paths of PEM files for a server on this machine, and of the authority that a client must trust to speak with it. */
export interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** A folder with nothing but the authority as `ca.crt`, the form that `--cert-dir` and `certs.d` want. */
  readonly authorityFolder: string;
}

const serverExtensions = "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n";

/** Makes an authority and a certificate for 127.0.0.1 and localhost, good for two days. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = makeTemporaryFolder("tls");
  const file = (name: string) => join(folder, name);
  const authorityFolder = makeTemporaryFolder("ca");
  const authority = join(authorityFolder, "ca.crt");
  const newKey = argv`-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes`;
  await mustRun(argv`openssl req -x509 ${newKey} -days 2 -subj ${"/CN=Test authority"}
    -keyout ${file("ca.key")} -out ${authority}`);
  await mustRun(argv`openssl req -new ${newKey} -subj /CN=localhost
    -keyout ${file("server.key")} -out ${file("server.csr")}`);
  await Bun.write(file("extensions"), serverExtensions);
  await mustRun(argv`openssl x509 -req -in ${file("server.csr")} -CA ${authority} -CAkey ${file("ca.key")}
    -CAcreateserial -CAserial ${file("serial")} -days 2 -extfile ${file("extensions")} -out ${file("server.crt")}`);
  return { authority, authorityFolder, certificate: file("server.crt"), key: file("server.key") };
}
