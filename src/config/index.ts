/**
 * One schema, one file plus environment, read once, frozen.
 *
 * Knows the configuration file of registry:2 and its `REGISTRY_*` variables; gives a typed `Config` in which nothing
 * is left to check. It builds nothing: which part of the program gets what is decided in `app/`, and whether the
 * named files and folders exist is seen by whoever opens them.
 */
export { configurationPathVariable, type Environment } from "./apply-environment.ts";
export { ConfigError, type ConfigProblem, formatProblem } from "./config-problem.ts";
export type { AccountsConfig, Config } from "./config.ts";
export { type KeyDescription, listKeys } from "./list-keys.ts";
export { type ConfigSources, loadConfig, type LoadedConfig } from "./load-config.ts";
export { printConfig } from "./print-config.ts";
export { formatAddress, isLoopback, parseByteSize, parseDuration, parseHostPort } from "./values/index.ts";
