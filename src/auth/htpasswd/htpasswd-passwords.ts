import { BoundedTurns, VerifiedPasswords } from "../../access/index.ts";
import { HtpasswdFile, type ReportProblem } from "./htpasswd-file.ts";
import { bcryptCostOf, type HtpasswdEntries } from "./parse-htpasswd.ts";

/** The last of them waits some seconds at the usual work factor of 10. */
const MAX_WAITING_CHECKS = 100;

/** The passwords of a file. A change of the file counts from the next check on. */
export class HtpasswdPasswords {
  readonly #file: HtpasswdFile;
  readonly #verified: VerifiedPasswords;

  /** @param processKey random bytes, of this process alone */
  constructor(path: string, processKey: Uint8Array, report: ReportProblem) {
    this.#file = new HtpasswdFile(path, report);
    const turns = new BoundedTurns(MAX_WAITING_CHECKS);
    this.#verified = new VerifiedPasswords(processKey, (...check) => turns.run(() => verifyBcrypt(...check)));
  }

  /** An unknown user takes the way of a wrong password, so that the time does not tell which users there are. */
  async check(username: string, password: string): Promise<"right" | "unknown-user" | "wrong-password"> {
    const entries = this.#file.entries();
    const hash = entries.get(username);
    const isRight = await this.#verified.check(username, password, hash ?? decoyHash(entries));
    if (hash === undefined) return "unknown-user";
    return isRight ? "right" : "wrong-password";
  }

  version(): string {
    return this.#file.recentVersion();
  }

  hasUser(username: string): boolean {
    return this.#file.entries().has(username);
  }

  /** Reads the file now, so that what is wrong with it is told at the start and not at the first login. */
  readFile(): void {
    this.#file.entries();
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
