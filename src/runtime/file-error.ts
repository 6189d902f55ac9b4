import { messageOf } from "./error-message.ts";

/** A file that the program needs cannot be used; the message says which, and why. */
export class FileError extends Error {
  override readonly name = "FileError";

  /** @param what such as `the password file /etc/berth/htpasswd` */
  constructor(what: string, cause: unknown) {
    super(`cannot use ${what}: ${messageOf(cause)}`, { cause });
  }
}
