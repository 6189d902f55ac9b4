import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

/** Paths of the PEM files of one certificate. */
export interface IssuedFiles {
  readonly certificate: string;
  readonly key: string;
}

const newKey = argv`-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes`;

/** An authority of the test's own, made by openssl. */
export class TestAuthority {
  readonly #folder: string;
  readonly certificate: string;
  readonly #key: string;

  static async make(name: string): Promise<TestAuthority> {
    const authority = new TestAuthority(makeTemporaryFolder("authority"));
    await mustRun(argv`openssl req -x509 ${newKey} -days 2 -subj ${`/CN=${name}`}
      -keyout ${authority.#key} -out ${authority.certificate}`);
    return authority;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.certificate = join(folder, "authority.crt");
    this.#key = join(folder, "authority.key");
  }

  /** A certificate for 127.0.0.1, localhost and `name`, good for servers and clients. */
  async issue(name: string): Promise<IssuedFiles> {
    const file = (ending: string) => join(this.#folder, `${name}.${ending}`);
    await mustRun(argv`openssl req -new ${newKey} -subj ${`/CN=${name}`} -keyout ${file("key")} -out ${file("csr")}`);
    await Bun.write(file("ext"), `subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:${name}\n`);
    await mustRun(argv`openssl x509 -req -in ${file("csr")} -CA ${this.certificate} -CAkey ${this.#key}
      -CAcreateserial -days 2 -extfile ${file("ext")} -out ${file("crt")}`);
    return { certificate: file("crt"), key: file("key") };
  }
}
