import { findFileProblems } from "../app/index.ts";
import {
  ConfigError,
  formatAddress,
  formatProblem,
  loadConfig,
  printConfig,
  type ConfigSources,
} from "../config/index.ts";
import { count } from "./quantities.ts";
import { EXIT_CONFIG } from "./terminal.ts";

export interface CheckConfigOptions extends ConfigSources {
  /** Prints the configuration in force, secrets masked, instead of one line. */
  readonly print: boolean;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Says whether the configuration can be used, and everything that is wrong with it. */
export function checkConfig({ print, ...sources }: CheckConfigOptions): CommandResult & { exitCode: 0 | 78 } {
  try {
    const loaded = loadConfig(sources);
    const { http } = loaded.config;
    const warnings = [...loaded.warnings.map(formatProblem), ...findFileProblems(loaded.config)];
    const good = warnings.length === 0 ? "good" : `good, with ${count(warnings.length, "warning")}`;
    const summary = `The configuration is ${good}; the registry would listen on ${formatAddress(http.address)}.\n`;
    return { exitCode: 0, stdout: print ? printConfig(loaded) : summary, stderr: lines("warning", warnings) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { exitCode: EXIT_CONFIG, stdout: "", stderr: describeConfigError(error) };
  }
}

/** What a command that needs a configuration writes to standard error before it exits with 78. */
export function describeConfigError(error: ConfigError): string {
  return lines("error", error.problems.map(formatProblem)) + lines("warning", error.warnings.map(formatProblem));
}

function lines(severity: "error" | "warning", problems: readonly string[]): string {
  return problems.map((problem) => `${severity}: ${problem}\n`).join("");
}
