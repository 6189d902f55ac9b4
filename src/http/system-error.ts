import { errorCode } from "../runtime/index.ts";

/** Whether the operating system said no: to a file that is opened only while it is sent or read back, for one. */
export function isSystemError(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(error) ?? "");
}
