import { RegistryError } from "../../oci/index.ts";

const MAX_LENGTH = 255;

/** What may be shown to others: one line. @throws RegistryError `bad-request` */
export function requireDisplayName(text: string | null | undefined): void {
  requireLine("displayName", "a display name", text);
}

/** @throws RegistryError `bad-request` */
export function requireDescription(text: string | null | undefined): void {
  requireLine("description", "a description", text);
}

/** Whether mail arrives there is not known. @throws RegistryError `bad-request` */
export function requireEmail(text: string | null | undefined): void {
  requireLine("email", "an e-mail address", text);
  if (typeof text === "string" && !/^[^\s@]+@[^\s@]+$/.test(text))
    throw badField("email", "an e-mail address is name@example.com");
}

function requireLine(field: string, what: string, text: string | null | undefined): void {
  if (text === null || text === undefined) return;
  if (text.length > MAX_LENGTH) throw badField(field, `${what} has at most ${MAX_LENGTH} characters`);
  // oxlint-disable-next-line no-control-regex -- they are what is to be found
  if (text.trim() === "" || /[\u0000-\u001f\u007f]/.test(text))
    throw badField(field, `${what} is one line, and not empty`);
}

function badField(field: string, message: string): RegistryError {
  return new RegistryError("bad-request", message, { detail: { field } });
}
