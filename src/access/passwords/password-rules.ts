import { RegistryError } from "../../oci/index.ts";

const MAX_PASSWORD_BYTES = 256;

/** Fewer different characters than this are a pattern, not a password. */
const MIN_DIFFERENT = 4;

/** What begins so is taken for a secret that the registry made. */
const SECRET_PREFIX = /^berth_[a-z]+_/;

/**
 * Says whether somebody may have this password; nothing is asked of the kinds of characters in it.
 * @throws RegistryError `bad-request` with what is wrong with it
 */
export function requireGoodPassword(username: string, password: string, minLength: number): void {
  const problem = findPasswordProblem(username, password, minLength);
  if (problem !== undefined) throw new RegistryError("bad-request", problem, { detail: { field: "password" } });
}

function findPasswordProblem(username: string, password: string, minLength: number): string | undefined {
  const characters = Array.from(password);
  if (characters.length < minLength) return `a password has at least ${minLength} characters`;
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return `a password has at most ${MAX_PASSWORD_BYTES} bytes`;
  if (SECRET_PREFIX.test(password)) return "a password does not begin as the secrets do that the registry makes";
  const plain = password.toLowerCase();
  if (isMadeOf(plain, username.toLowerCase())) return "a password is not the user's name";
  if (new Set(characters).size < MIN_DIFFERENT) return `a password has at least ${MIN_DIFFERENT} different characters`;
  if (COMMON.has(plain.replaceAll(/[^a-z]/g, "")) || COMMON.has(plain) || isRunOfKeys(plain))
    return "the password is one of those that are tried first: choose another";
  return undefined;
}

/** The name once or more often, with digits and signs around it at most. */
function isMadeOf(password: string, name: string): boolean {
  return name !== "" && password.includes(name) && password.replaceAll(name, "").replaceAll(/[\d\W_]/g, "") === "";
}

const KEY_ROWS = [
  "01234567890123456789",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "1qaz2wsx3edc4rfv5tgb",
];

/** Keys or letters that follow each other, in either direction. */
function isRunOfKeys(password: string): boolean {
  const reversed = Array.from(password).reverse().join("");
  return KEY_ROWS.some((row) => row.includes(password) || row.includes(reversed));
}

/** The commonest of published lists, without digits and signs around them, which are tried with them. */
const COMMON: ReadonlySet<string> = new Set(
  `password passw passwort passwd passpass passwordpassword admin administrator adminadmin adminpassword root toor rootroot changeme
  changemenow changeit letmein letmeinnow welcome welcomehome iloveyou iloveyouso sunshine princess football baseball superman
  batman trustno monkey dragon master shadow qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfghjkl asdfgh zxcvbnm
  qazwsx qazwsxedc secret secretsecret topsecret supersecret default login guest test testtest testing user username docker
  registry harbor berth container kubernetes starwars pokemon computer internet whatever michael jordan ashley bailey charlie
  donald freedom hello helloworld hunter jennifer killer lovely ninja mustang access flower loveme summer winter spring autumn
  correcthorsebatterystaple thisisapassword mypassword newpassword temppassword temporary company example`.split(/\s+/),
);
