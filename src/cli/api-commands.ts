import type { Command } from "commander";
import { registerAccessCommands } from "./access-commands.ts";
import { registerApprovalCommands } from "./approval-commands.ts";
import { registerAuditCommand } from "./audit-command.ts";
import { registerBinCommands } from "./bin-commands.ts";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { registerCompletionCommand } from "./completion-command.ts";
import { registerGroupCommands } from "./group-commands.ts";
import { registerInUseCommands } from "./in-use-commands.ts";
import { registerJobCommands } from "./job-commands.ts";
import { registerLoginCommands } from "./login-commands.ts";
import { registerMaintenanceCommands } from "./maintenance-commands.ts";
import { registerNamespaceCommands } from "./namespace-commands.ts";
import { registerRepositoryCommands } from "./repository-commands.ts";
import { registerRetentionCommands } from "./retention-commands.ts";
import { registerRobotCommands } from "./robot-commands.ts";
import { registerTagCommands } from "./tag-commands.ts";
import { registerTokenCommands } from "./token-commands.ts";
import { registerUsageCommands } from "./usage-commands.ts";
import { registerUserCommands } from "./user-commands.ts";

/** Every command that administers a registry. */
export function registerApiCommands(program: Command, surroundings: CommandSurroundings): void {
  registerLoginCommands(program, surroundings);
  registerUserCommands(program, surroundings);
  registerGroupCommands(program, surroundings);
  registerRobotCommands(program, surroundings);
  registerTokenCommands(program, surroundings);
  registerNamespaceCommands(program, surroundings);
  registerUsageCommands(program, surroundings);
  registerRetentionCommands(program, surroundings);
  registerRepositoryCommands(program, surroundings);
  registerTagCommands(program, surroundings);
  registerBinCommands(program, surroundings);
  registerApprovalCommands(program, surroundings);
  registerInUseCommands(program, surroundings);
  registerAccessCommands(program, surroundings);
  registerMaintenanceCommands(program, surroundings);
  registerJobCommands(program, surroundings);
  registerAuditCommand(program, surroundings);
  registerCompletionCommand(program, surroundings);
}
