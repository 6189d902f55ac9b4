/** Commands: what a person types. Each reads its arguments, calls one function of the system and prints the outcome. */
export { runCommandLine } from "./program.ts";
