import { BoundedTurns } from "./bounded-turns.ts";

/** How much work a hash of argon2id is. Bun knows one lane only. */
export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
}

/** What OWASP asks for at least: some 30 ms of one core. */
export const DEFAULT_HASH_COST: HashCost = { memoryKib: 19_456, passes: 2 };

/** The last of them waits some seconds. */
const MAX_WAITING = 100;

/** Makes and checks the hashes of local users' passwords, one at a time, so that they hold up nothing else. */
export class PasswordHashes {
  readonly #turns = new BoundedTurns(MAX_WAITING);
  readonly #cost: HashCost;
  /** No password has it. It takes as long as others do. */
  readonly #decoy: string;

  constructor(cost: HashCost) {
    this.#cost = cost;
    const nothing = "A".repeat(43);
    this.#decoy = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=1$${nothing}$${nothing}`;
  }

  /** @throws RegistryError `too-many-requests` */
  hash(password: string): Promise<string> {
    const { memoryKib: memoryCost, passes: timeCost } = this.#cost;
    return this.#turns.run(() => Bun.password.hash(oneForm(password), { algorithm: "argon2id", memoryCost, timeCost }));
  }

  /**
   * @param hash `undefined`: no password is right, which takes as long as to find another wrong
   * @throws RegistryError `too-many-requests`
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const isRight = await this.#turns.run(() => Bun.password.verify(oneForm(password), hash ?? this.#decoy));
    return isRight && hash !== undefined;
  }
}

/** Keyboards and systems write the same letter in different ways. */
function oneForm(password: string): string {
  return password.normalize("NFC");
}
