import { findFileProblems } from "../app/index.ts";
import {
  type Config,
  ConfigError,
  formatAddress,
  formatProblem,
  loadConfig,
  printConfig,
  type ConfigSources,
} from "../config/index.ts";

export interface CheckConfigOptions extends ConfigSources {
  /** Prints the configuration in force, secrets masked, instead of one line. */
  readonly print: boolean;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** EX_CONFIG of sysexits.h: what `serve` exits with too when the configuration is wrong. */
export const configErrorExitCode = 78;

/** Says whether the configuration can be used, and everything that is wrong with it. */
export function checkConfig({ print, ...sources }: CheckConfigOptions): CommandResult & { exitCode: 0 | 78 } {
  try {
    const loaded = loadConfig(sources);
    const { http } = loaded.config;
    const warnings = lines("warning", loaded.warnings) + fileWarnings(loaded.config);
    const summary = `The configuration is good; the registry would listen on ${formatAddress(http.address)}.\n`;
    return { exitCode: 0, stdout: print ? printConfig(loaded) : summary, stderr: warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { exitCode: configErrorExitCode, stdout: "", stderr: describeConfigError(error) };
  }
}

/** What a command that needs a configuration writes to standard error before it exits with 78. */
export function describeConfigError(error: ConfigError): string {
  return lines("error", error.problems) + lines("warning", error.warnings);
}

function fileWarnings(config: Config): string {
  return findFileProblems(config)
    .map((problem) => `warning: ${problem}\n`)
    .join("");
}

function lines(severity: "error" | "warning", problems: ConfigError["problems"]): string {
  return problems.map((problem) => `${severity}: ${formatProblem(problem)}\n`).join("");
}
