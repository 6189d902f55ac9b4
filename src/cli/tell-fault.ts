import { TaskError } from "../app/index.ts";
import { EXIT_OF_FAULT, type Terminal } from "./terminal.ts";

/** Says why a task beside or without a server was not done; what is no such thing is thrown on. @returns the exit code */
export function tellFault(error: unknown, { stderr }: Pick<Terminal, "stderr">): number {
  if (!(error instanceof TaskError)) throw error;
  stderr.write(`${error.message}\n`);
  return EXIT_OF_FAULT[error.fault];
}
