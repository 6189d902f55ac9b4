import { randomInt } from "node:crypto";
import type { Work } from "./noun.ts";
import type { Person } from "./person.ts";

export interface PasswordFlags {
  readonly passwordStdin?: boolean;
  readonly generate?: boolean;
}

/** Characters that are not taken for one another. */
const CHARACTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH = 20;

/** A password that somebody types twice, that is piped in, or that is made here and must be shown. */
export async function readNewPassword({
  person,
  flags,
}: Pick<Work<PasswordFlags>, "person" | "flags">): Promise<{ password: string; isGenerated: boolean }> {
  if (flags.generate) return { password: generate(), isGenerated: true };
  if (flags.passwordStdin) return { password: await person.readPiped(), isGenerated: false };
  return { password: await askNewPassword(person), isGenerated: false };
}

/** Asks twice, until both are the same. @throws NobodyToAsk, Interrupted */
export async function askNewPassword(person: Person): Promise<string> {
  for (;;) {
    const password = await person.askSecret("New password: ");
    if (password === (await person.askSecret("The same again: "))) return password;
    person.tell("The two are not the same.");
  }
}

function generate(): string {
  return Array.from({ length: LENGTH }, () => CHARACTERS.charAt(randomInt(CHARACTERS.length))).join("");
}
