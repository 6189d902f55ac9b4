import type { Command } from "commander";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { registerExports } from "./register-exports.ts";
import { registerImports } from "./register-imports.ts";

/** Every command that brings content in from elsewhere, or takes it there. */
export function registerTransferCommands(program: Command, surroundings: CommandSurroundings): void {
  registerImports(program.command("import").description("take over content from elsewhere"), surroundings);
  registerExports(program.command("export").description("write content for others to read"), surroundings);
}
