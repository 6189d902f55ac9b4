import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { RandomBytes } from "../../runtime/index.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1.";

/** Keeps texts from those who can read the database and nothing else. */
export class Seal {
  readonly #key: Uint8Array;
  readonly #random: RandomBytes;

  /**
   * @param secret long and random: nothing is done to make a short one harder to guess
   * @param purpose keys for different purposes have nothing to do with each other
   */
  constructor(secret: string | Uint8Array, purpose: string, random: RandomBytes) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", `berth ${purpose}`, 32));
    this.#random = random;
  }

  /** @param context what the text belongs to: it cannot be opened as that of another */
  seal(text: string, context: string): string {
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return VERSION + sealed.toString("base64url");
  }

  /** @returns `undefined` if it was sealed with another secret, for another purpose or context, or was changed */
  unseal(sealed: string, context: string): string | undefined {
    const bytes = Buffer.from(sealed.slice(VERSION.length), "base64url");
    if (!sealed.startsWith(VERSION) || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)).toString() + decipher.final("utf8");
    } catch {
      return undefined;
    }
  }
}
