import type { Command } from "commander";
import { registerAccessCommands } from "./access/access-commands.ts";
import { registerApprovalCommands } from "./content/approval-commands.ts";
import { registerAuditCommand } from "./access/audit-command.ts";
import { registerBinCommands } from "./content/bin-commands.ts";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { registerCompletionCommand } from "./completion-command.ts";
import { registerGroupCommands } from "./access/group-commands.ts";
import { registerInUseCommands } from "./content/in-use-commands.ts";
import { registerJobCommands } from "./upkeep/job-commands.ts";
import { registerLoginCommands } from "./access/login-commands.ts";
import { registerMaintenanceCommands } from "./upkeep/maintenance-commands.ts";
import { registerNamespaceCommands } from "./access/namespace-commands.ts";
import { registerRepositoryCommands } from "./content/repository-commands.ts";
import { registerRetentionCommands } from "./upkeep/retention-commands.ts";
import { registerRobotCommands } from "./access/robot-commands.ts";
import { registerTagCommands } from "./content/tag-commands.ts";
import { registerTokenCommands } from "./access/token-commands.ts";
import { registerUsageCommands } from "./upkeep/usage-commands.ts";
import { registerUserCommands } from "./access/user-commands.ts";

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
