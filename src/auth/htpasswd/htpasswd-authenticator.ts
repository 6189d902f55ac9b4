import { RegistryError, shorten } from "../../oci/index.ts";
import type { Authenticator } from "../authenticator.ts";
import { parseBasicCredentials } from "../basic-credentials.ts";
import type { Principal } from "../principal.ts";
import type { ReportProblem } from "./htpasswd-file.ts";
import { HtpasswdPasswords } from "./htpasswd-passwords.ts";

export interface HtpasswdOptions {
  readonly realm: string;
  readonly path: string;
}

/** Lets in whoever is in the password file. A change of the file counts from the next request on. */
export class HtpasswdAuthenticator implements Authenticator {
  readonly challenge: string;
  readonly #passwords: HtpasswdPasswords;

  /** @param processKey random bytes, of this process alone */
  constructor(options: HtpasswdOptions, processKey: Uint8Array, report: ReportProblem) {
    this.challenge = `Basic realm="${options.realm.replaceAll(/["\\]/g, "\\$&")}"`;
    this.#passwords = new HtpasswdPasswords(options.path, processKey, report);
  }

  async authenticate(authorization: string | null): Promise<Principal | undefined> {
    const credentials = parseBasicCredentials(authorization);
    if (!credentials) return undefined;
    const { username, password } = credentials;
    if ((await this.#passwords.check(username, password)) === "right") return { kind: "user", name: username };
    throw new RegistryError("login-failed", "the user name or the password is wrong", {
      detail: { user: shorten(username) },
    });
  }

  /** Reads the file now, so that what is wrong with it is told at the start and not at the first login. */
  readFile(): void {
    this.#passwords.readFile();
  }

  close(): void {
    // Holds nothing open.
  }
}
