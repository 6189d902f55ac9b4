import { ConfigError, formatProblem, loadConfig, type LoadedConfig } from "../config/index.ts";
import { describeConfigError } from "./check-config.ts";
import type { Terminal } from "./terminal.ts";

/** The configuration in force; `undefined` if it is wrong. Tells what is wrong or odd with it. */
export function readConfig(path: string | undefined, terminal: Terminal): LoadedConfig | undefined {
  try {
    const loaded = loadConfig({ path, env: terminal.env });
    for (const warning of loaded.warnings) terminal.stderr.write(`warning: ${formatProblem(warning)}\n`);
    return loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    terminal.stderr.write(describeConfigError(error));
    return undefined;
  }
}
