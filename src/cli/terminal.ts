/** What a command reads from and writes to. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** `EX_CONFIG` of sysexits: the configuration is wrong. */
export const EXIT_CONFIG = 78;
/** `EX_UNAVAILABLE` of sysexits: something the program needs could not be had. */
export const EXIT_UNAVAILABLE = 69;
