import type { RandomBytes } from "../../runtime/index.ts";

export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Greater bytes would make the first characters likelier than the others. */
const FIRST_UNFAIR = 256 - (256 % BASE62.length);

/** So many letters and digits, each as likely as the others. */
export function randomText(random: RandomBytes, length: number): string {
  let text = "";
  while (text.length < length)
    for (const byte of random(length - text.length))
      if (byte < FIRST_UNFAIR) text += BASE62.charAt(byte % BASE62.length);
  return text;
}
