import { createHash } from "node:crypto";

/** What is kept of a secret: SHA-256 in hexadecimal. One that cannot be guessed needs no slow hash. */
export function hashOfSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
