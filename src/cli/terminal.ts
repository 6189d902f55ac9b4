import type { TaskError } from "../app/index.ts";

/** What a command reads from and writes to. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: {
    /** Whoever writes more than a page waits for `done`: what nobody has read yet is lost at the end of the process. */
    write(text: string, done?: (error?: Error | null) => void): unknown;
    readonly isTTY?: boolean;
    /** How many characters a line has, where it is a terminal. */
    readonly columns?: number;
    on?(event: "error", listener: (error: Error) => void): unknown;
  };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  /** Absent: there is nothing to read. */
  readonly stdin?: TerminalInput;
}

/** What is typed, or piped in. */
export interface TerminalInput extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  /** Without showing what is typed. */
  setRawMode?(mode: boolean): unknown;
}

/** `EX_CONFIG` of sysexits: the configuration is wrong. */
export const EXIT_CONFIG = 78;
/** `EX_DATAERR` of sysexits: the data is damaged. */
export const EXIT_DATA = 65;
/** `EX_NOINPUT` of sysexits: what was to be read is not there. */
export const EXIT_NO_INPUT = 66;
/** `EX_IOERR` of sysexits: reading or writing failed. */
export const EXIT_IO = 74;
/** `EX_TEMPFAIL` of sysexits: it was not done, or not to its end; the same again may do it. */
export const EXIT_AGAIN = 75;
/** `EX_UNAVAILABLE` of sysexits: something the program needs could not be had. */
export const EXIT_UNAVAILABLE = 69;
/** `EX_NOPERM` of sysexits: it is not permitted. */
export const EXIT_NO_PERMISSION = 77;
/** `EX_USAGE` of sysexits: the command was not used rightly. */
export const EXIT_USAGE = 64;

/** Of what a task beside a server failed with. */
export const EXIT_OF_FAULT: Readonly<Record<TaskError["fault"], number>> = {
  "nothing-there": EXIT_NO_INPUT,
  busy: EXIT_AGAIN,
  "bad-data": EXIT_DATA,
  failed: EXIT_IO,
};
