import { timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../../runtime/index.ts";
import { hashOfSecret } from "../../access/index.ts";

/** 256 random bits as text that can stand in a URL and a cookie. */
export function newSecret(random: RandomBytes): string {
  return Buffer.from(random(32)).toString("base64url");
}

/** In a time that does not tell how much of it is right. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOfSecret(one)), Buffer.from(hashOfSecret(other)));
}
