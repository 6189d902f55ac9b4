import { BoundedTurns } from "./bounded-turns.ts";

/** What OWASP asks for at least: 19 MiB and two passes, some 30 ms of one core. Bun knows one lane only. */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** No password has it. It takes as long as others do. */
const DECOY_HASH = `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=1$${"A".repeat(43)}$${"A".repeat(43)}`;

/** The last of them waits some seconds. */
const MAX_WAITING = 100;

/** Makes and checks the hashes of local users' passwords, one at a time, so that they hold up nothing else. */
export class PasswordHashes {
  readonly #turns = new BoundedTurns(MAX_WAITING);

  /** @throws RegistryError `too-many-requests` */
  hash(password: string): Promise<string> {
    return this.#turns.run(() => Bun.password.hash(oneForm(password), ARGON2ID));
  }

  /**
   * @param hash `undefined`: no password is right, which takes as long as to find another wrong
   * @throws RegistryError `too-many-requests`
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const isRight = await this.#turns.run(() => Bun.password.verify(oneForm(password), hash ?? DECOY_HASH));
    return isRight && hash !== undefined;
  }
}

/** Keyboards and systems write the same letter in different ways. */
function oneForm(password: string): string {
  return password.normalize("NFC");
}
