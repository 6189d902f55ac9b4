import type { SecretKind } from "../../metadata/index.ts";
import type { RandomBytes } from "../../runtime/index.ts";
import { BASE62, randomText } from "./random-text.ts";

/** Scanners for leaked secrets know them by these. */
const PREFIXES: Readonly<Record<SecretKind, string>> = {
  robot: "berth_robot_",
  personal: "berth_pat_",
  refresh: "berth_refresh_",
};

/** Of 62 characters: 238 bits, which nobody guesses. */
const RANDOM_LENGTH = 40;
const CHECK_LENGTH = 6;
const SECRET = new RegExp(
  `^(?:${Object.values(PREFIXES).join("|")})[0-9A-Za-z]{${RANDOM_LENGTH}}([0-9A-Za-z]{${CHECK_LENGTH}})$`,
);

/** A new secret: prefix, random characters, and a sum over both that a scanner can check. */
export function createSecretText(kind: SecretKind, random: RandomBytes): string {
  const text = PREFIXES[kind] + randomText(random, RANDOM_LENGTH);
  return text + checkOf(text);
}

/** Which kind of secret a text looks like, be it one or not. */
export function secretKindOf(text: string): SecretKind | undefined {
  if (text.startsWith(PREFIXES.robot)) return "robot";
  if (text.startsWith(PREFIXES.personal)) return "personal";
  return text.startsWith(PREFIXES.refresh) ? "refresh" : undefined;
}

/** Whether a secret is whole: every character of it is as it was made. */
export function isWholeSecret(text: string): boolean {
  const check = SECRET.exec(text)?.[1];
  return check !== undefined && check === checkOf(text.slice(0, -CHECK_LENGTH));
}

/** The CRC32 in six digits of base 62. */
function checkOf(text: string): string {
  let rest = Bun.hash.crc32(text);
  let digits = "";
  for (let place = 0; place < CHECK_LENGTH; place++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
