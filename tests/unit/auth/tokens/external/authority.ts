import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "../../../../support/argv.ts";
import { mustRun } from "../../../../support/run-program.ts";

export interface Certified {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** As it stands in `x5c`. */
  readonly encoded: string;
}

interface Wish {
  readonly issuer?: Certified;
  readonly isAuthority?: boolean;
  readonly newKey?: readonly string[];
}

export const EC_KEY = argv`-newkey ec -pkeyopt ec_paramgen_curve:prime256v1`;
export const RSA_KEY = argv`-newkey rsa:2048`;

/** Makes a certificate for two days, signed by itself if no other is to sign it. */
export async function certify(folder: string, name: string, wish: Wish = {}): Promise<Certified> {
  const { issuer, isAuthority = false, newKey = EC_KEY } = wish;
  const [keyPath, certificatePath] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `basicConstraints=critical,CA:${isAuthority ? "TRUE" : "FALSE"}\n`);
  const request = join(folder, `${name}.csr`);
  await mustRun(argv`openssl req -new ${newKey} -nodes -subj ${`/CN=${name}`} -keyout ${keyPath} -out ${request}`);
  const signer = issuer
    ? argv`-CA ${issuer.certificatePath} -CAkey ${issuer.keyPath} -CAcreateserial`
    : argv`-signkey ${keyPath}`;
  await mustRun(
    argv`openssl x509 -req -in ${request} ${signer} -days 2 -extfile ${extensions} -out ${certificatePath}`,
  );
  const certificate = new X509Certificate(readFileSync(certificatePath));
  const key = createPrivateKey(readFileSync(keyPath));
  return { certificatePath, keyPath, certificate, key, encoded: certificate.raw.toString("base64") };
}
