import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

/** Paths of the PEM files of one certificate. */
export interface IssuedFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Issue {
  /** As openssl takes it, `/O=Acme/CN=alice`; default: the name. */
  readonly subject?: string;
  /** Lines of openssl's extensions; default: names of a server. */
  readonly extensions?: string;
  readonly days?: number;
}

const newKey = argv`-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes`;

/** An authority of the test's own, made by openssl. */
export class TestAuthority {
  readonly #folder: string;
  readonly certificate: string;
  readonly #key: string;

  /** The one whose certificate this is. */
  static of({ certificate, key }: IssuedFiles): TestAuthority {
    return new TestAuthority(makeTemporaryFolder("authority"), certificate, key);
  }

  static async make(name: string): Promise<TestAuthority> {
    const folder = makeTemporaryFolder("authority");
    const authority = new TestAuthority(folder, join(folder, "authority.crt"), join(folder, "authority.key"));
    await mustRun(argv`openssl req -x509 ${newKey} -days 2 -subj ${`/CN=${name}`}
      -keyout ${authority.#key} -out ${authority.certificate}`);
    return authority;
  }

  private constructor(folder: string, certificate: string, key: string) {
    this.#folder = folder;
    this.certificate = certificate;
    this.#key = key;
  }

  /** A certificate for 127.0.0.1, localhost and `name`, good for servers and clients. */
  async issue(name: string, { subject, extensions, days = 2 }: Issue = {}): Promise<IssuedFiles> {
    const file = (ending: string) => join(this.#folder, `${name}.${ending}`);
    await mustRun(argv`openssl req -new ${newKey} -subj ${subject ?? `/CN=${name}`} -utf8
      -keyout ${file("key")} -out ${file("csr")}`);
    await Bun.write(file("ext"), `${extensions ?? `subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:${name}`}\n`);
    await mustRun(argv`openssl x509 -req -in ${file("csr")} -CA ${this.certificate} -CAkey ${this.#key}
      -CAcreateserial -days ${String(days)} -extfile ${file("ext")} -out ${file("crt")}`);
    return { certificate: file("crt"), key: file("key") };
  }
}
