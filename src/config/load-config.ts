import { readFileSync } from "node:fs";
import { applyEnvironment, type Environment } from "./apply-environment.ts";
import { buildConfig } from "./build-config.ts";
import { checkTogether } from "./check-together.ts";
import { completeSettings } from "./complete-settings.ts";
import { ConfigError, type ConfigProblem } from "./config-problem.ts";
import type { Config } from "./config.ts";
import { expandSelections } from "./expand-selections.ts";
import { Findings } from "./findings.ts";
import { schema } from "./keys/index.ts";
import { isRawMap, type RawMap } from "./raw-tree.ts";
import { readYaml, type YamlFile } from "./read-yaml.ts";
import { settle } from "./settle.ts";

export interface ConfigSources {
  /** The configuration file; without one, the defaults and the environment are all. */
  readonly path?: string | undefined;
  readonly env: Environment;
  /** Reads the configuration file and files of secrets; throws when it cannot. Default: the file system. */
  readonly readFile?: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly ConfigProblem[];
  /** All keys that work, as text, with what the environment and the defaults have added: what `printConfig` prints. */
  readonly settings: RawMap;
}

/**
 * Reads the file, lets `REGISTRY_*` variables override it, and checks the whole.
 *
 * @throws ConfigError with everything that is wrong
 */
export function loadConfig({ path, env, readFile = readText }: ConfigSources): LoadedConfig {
  const file = path === undefined ? undefined : readConfigFile(path, readFile);
  const findings = new Findings(linesOf(path, file));
  for (const error of file?.errors ?? []) {
    const source = `${path} line ${error.line}`;
    findings.problems.push({ path: error.path === "" ? source : error.path, source, message: error.message });
  }
  if (file?.readable === false) throw new ConfigError(findings.problems);
  const written = file?.tree ?? {};
  expandSelections(written);
  applyEnvironment(env, { tree: written, findings, readFile });
  const settings = checkedSettings(written, findings);
  completeSettings(settings);
  return { config: deepFreeze(buildConfig(schema.parse(settings))), warnings: findings.warnings, settings };
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function readConfigFile(path: string, readFile: (path: string) => string): YamlFile {
  try {
    return readYaml(readFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "EISDIR" ? "it is a folder" : message;
    throw new ConfigError([{ path, source: path, message: `cannot be read: ${reason}` }]);
  }
}

function linesOf(path: string | undefined, file: YamlFile | undefined): ConstructorParameters<typeof Findings>[0] {
  return (keyPath) => {
    if (file === undefined) return undefined;
    const { line, exact } = file.lineOf(keyPath);
    return { source: `${path} line ${line}`, exact };
  };
}

/** Runs every check before it throws, so that all problems are reported at once. */
function checkedSettings(written: RawMap, findings: Findings): RawMap {
  const settled = settle(schema, written, [], findings);
  const settings = isRawMap(settled) ? settled : {};
  checkTogether(settings, findings);
  for (const issue of schema.safeParse(settings).error?.issues ?? []) {
    const path = issue.path.map((part) => (typeof part === "symbol" ? part.toString() : part));
    findings.problem(path, issue.message);
  }
  if (findings.problems.length > 0) throw new ConfigError(findings.problems, findings.warnings);
  return settings;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
