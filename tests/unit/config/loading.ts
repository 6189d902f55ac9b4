import {
  ConfigError,
  loadConfig,
  type ConfigProblem,
  type Environment,
  type LoadedConfig,
} from "../../../src/config/index.ts";

export interface Given {
  /** The text of `config.yml`; none: there is no file. */
  readonly file?: string | undefined;
  readonly env?: Environment;
  /** Files that secrets are read from. */
  readonly files?: Readonly<Record<string, string>>;
}

export function load({ file, env = {}, files = {} }: Given): LoadedConfig {
  const known: Readonly<Record<string, string>> = { ...files, ...(file !== undefined && { "config.yml": file }) };
  const readFile = (path: string) => {
    const text = known[path];
    if (text === undefined) throw new Error("no such file");
    return text;
  };
  return loadConfig({ env, readFile, ...(file !== undefined && { path: "config.yml" }) });
}

/** The problems of a configuration that must not load. */
export function problemsOf(given: Given): readonly ConfigProblem[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
