import { createHash, timingSafeEqual } from "node:crypto";

/** So many random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** 256 random bits as text that can stand in a URL and a cookie. */
export function newSecret(random: RandomBytes): string {
  return Buffer.from(random(32)).toString("base64url");
}

/** What is kept of a secret: SHA-256 in hexadecimal. */
export function hashOfSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** In a time that does not tell how much of it is right. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOfSecret(one)), Buffer.from(hashOfSecret(other)));
}
