import type { ExternalIdentity } from "../../access/index.ts";
import type { PasswordSource } from "../sign-in/password-source.ts";
import type { ReportProblem } from "./htpasswd-file.ts";
import { HtpasswdPasswords } from "./htpasswd-passwords.ts";

/** Knows who is in the password file, beside other sources. A change of the file counts from the next request on. */
export class HtpasswdSource implements PasswordSource {
  readonly name = "htpasswd";
  readonly remembers = true;
  readonly #passwords: HtpasswdPasswords;

  /** @param processKey random bytes, of this process alone */
  constructor(path: string, processKey: Uint8Array, report: ReportProblem) {
    this.#passwords = new HtpasswdPasswords(path, processKey, report);
  }

  async checkPassword(
    username: string,
    password: string,
  ): Promise<ExternalIdentity | "unknown-user" | "wrong-password"> {
    const outcome = await this.#passwords.check(username, password);
    return outcome === "right" ? identityOf(username) : outcome;
  }

  async findUser(username: string): Promise<ExternalIdentity | undefined> {
    return this.#passwords.hasUser(username) ? identityOf(username) : undefined;
  }

  /** Another text after a change of the file, within some milliseconds. */
  version(): string {
    return this.#passwords.version();
  }

  /** Reads the file now, so that what is wrong with it is told at the start and not at the first login. */
  readFile(): void {
    this.#passwords.readFile();
  }
}

/** The file has nothing but names, which are never given to another but by who writes it. */
function identityOf(name: string): ExternalIdentity {
  return { name, externalId: name, displayName: undefined, email: undefined, groups: undefined };
}
