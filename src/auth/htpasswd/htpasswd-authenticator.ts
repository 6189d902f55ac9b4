import { RegistryError, shorten } from "../../oci/index.ts";
import type { Authenticator } from "../authenticator.ts";
import { parseBasicCredentials } from "../basic-credentials.ts";
import type { Principal } from "../principal.ts";
import { BoundedTurns } from "./bounded-turns.ts";
import { HtpasswdFile, type ReportProblem } from "./htpasswd-file.ts";
import { bcryptCostOf, type HtpasswdEntries } from "./parse-htpasswd.ts";
import { VerifiedPasswords } from "./verified-passwords.ts";

export interface HtpasswdOptions {
  readonly realm: string;
  readonly path: string;
}

/** The last of them waits some seconds at the usual work factor of 10. */
const MAX_WAITING_CHECKS = 100;

/** Lets in whoever is in the password file. A change of the file counts from the next request on. */
export class HtpasswdAuthenticator implements Authenticator {
  readonly challenge: string;
  readonly #file: HtpasswdFile;
  readonly #verified: VerifiedPasswords;

  /** @param processKey random bytes, of this process alone */
  constructor(options: HtpasswdOptions, processKey: Uint8Array, report: ReportProblem) {
    this.challenge = `Basic realm="${options.realm.replaceAll(/["\\]/g, "\\$&")}"`;
    this.#file = new HtpasswdFile(options.path, report);
    const turns = new BoundedTurns(MAX_WAITING_CHECKS);
    this.#verified = new VerifiedPasswords(processKey, (...check) => turns.run(() => verifyBcrypt(...check)));
  }

  async authenticate(authorization: string | null): Promise<Principal | undefined> {
    const credentials = parseBasicCredentials(authorization);
    if (!credentials) return undefined;
    const { username, password } = credentials;
    const entries = this.#file.entries();
    const hash = entries.get(username);
    // An unknown user takes the way of a wrong password, so that the time does not tell which users there are.
    const isRight = await this.#verified.check(username, password, hash ?? decoyHash(entries));
    if (isRight && hash !== undefined) return { kind: "user", name: username };
    throw new RegistryError("login-failed", "the user name or the password is wrong", {
      detail: { user: shorten(username) },
    });
  }

  /** Reads the file now, so that what is wrong with it is told at the start and not at the first login. */
  readFile(): void {
    this.#file.entries();
  }

  close(): void {
    // Holds nothing open.
  }
}

/** bcrypt takes 72 bytes and every other program ignores the rest; Bun would hash a longer password before. */
const BCRYPT_MAX_BYTES = 72;

function verifyBcrypt(password: string, hash: string): Promise<boolean> {
  return Bun.password.verify(Buffer.from(password).subarray(0, BCRYPT_MAX_BYTES), hash);
}

/** A hash that no password has, with the work factor of the file's first. */
function decoyHash(entries: HtpasswdEntries): string {
  const [first] = entries.values();
  const cost = String(first === undefined ? 10 : bcryptCostOf(first)).padStart(2, "0");
  return `$2b$${cost}$${"a".repeat(21)}u${"b".repeat(30)}u`;
}
