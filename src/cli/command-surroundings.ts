import type { Terminal } from "./terminal.ts";

/** What a command of the program is given to work with. */
export interface CommandSurroundings {
  readonly terminal: Terminal;
  /** The configuration's file, of what was said on the command line and of the environment. */
  readonly pathOf: (argument: string | undefined) => string | undefined;
  readonly setExitCode: (exitCode: number) => void;
}
