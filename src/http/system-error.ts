/** Whether the operating system said no: to a file that is opened only while it is sent or read back, for one. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code);
}
