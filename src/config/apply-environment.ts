import { expandSelections } from "./expand-selections.ts";
import type { Findings } from "./findings.ts";
import { schema, shapeOf } from "./keys/index.ts";
import { listKeys, variablePrefix } from "./list-keys.ts";
import { nearest } from "./nearest-key.ts";
import { setAt, type RawMap, type RawValue } from "./raw-tree.ts";
import { readYamlValue } from "./read-yaml.ts";
import { resolveVariable, type VariableTarget } from "./resolve-variable.ts";
import { messageOf } from "../runtime/index.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file; `loadConfig` takes the path, so the caller looks at this variable. */
export const configurationPathVariable = "REGISTRY_CONFIGURATION_PATH";

interface Target {
  readonly tree: RawMap;
  readonly findings: Findings;
  readonly readFile: (path: string) => string;
}

/** Puts every `REGISTRY_*` variable into the tree, in the order of the names, so that groups come before their keys. */
export function applyEnvironment(env: Environment, target: Target): void {
  const names = Object.keys(env).filter((name) => name.startsWith(variablePrefix));
  for (const name of names.sort()) {
    const value = env[name];
    if (value === undefined || name === configurationPathVariable || isServiceVariable(name, value)) continue;
    applyVariable(name, value, env, target);
  }
}

/** Kubernetes and container links announce a service called `registry` with such variables. */
function isServiceVariable(name: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/u.test(name)) return true;
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/u.test(name)) return true;
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//u.test(value);
}

function applyVariable(name: string, value: string, env: Environment, { tree, findings, readFile }: Target): void {
  if (name === `${variablePrefix}VERSION`) {
    findings.warnings.push({ path: name, source: name, message: "is ignored: no variable can change the version" });
    return;
  }
  const target = resolveVariable(schema, tree, name.slice(variablePrefix.length).split("_"));
  if (!("path" in target)) {
    reportUnplaced(name, target, findings);
    return;
  }
  findings.setByVariable(target.path, name);
  const plainName = name.slice(0, -"_FILE".length);
  if (target.kind === "secret-file" && env[plainName] !== undefined) {
    findings.problem(target.path, `is set by ${plainName} too; keep one of the two variables`);
    return;
  }
  const read = target.kind === "secret-file" ? readSecret(value, readFile) : readValue(value, target);
  if ("error" in read) {
    findings.problem(target.path, read.error);
    return;
  }
  setAt(tree, target.path, read.value);
  expandSelections(tree);
}

function reportUnplaced(name: string, target: Exclude<VariableTarget, { path: unknown }>, findings: Findings): void {
  if (target.kind === "bad-index") {
    findings.problems.push({ path: name, source: name, message: target.message });
    return;
  }
  const known = listKeys().map((key) => key.variable.slice(variablePrefix.length));
  const meant = nearest(name.slice(variablePrefix.length), known);
  const suggestion = meant && { suggestion: `${variablePrefix}${meant}` };
  findings.warnings.push({ path: name, source: name, message: "is ignored: no such key", ...suggestion });
}

type Reading = { readonly value: RawValue } | { readonly error: string };

function readSecret(path: string, readFile: (path: string) => string): Reading {
  try {
    return { value: readFile(path).replace(/\r?\n$/u, "") };
  } catch (error) {
    return { error: `the file "${path}" cannot be read: ${messageOf(error)}` };
  }
}

/** The value is YAML; where a single value is expected, what is no YAML scalar (`@home`, `a: b`, `#1`) is the text itself. */
function readValue(value: string, target: Extract<VariableTarget, { kind: "key" }>): Reading {
  const read = readYamlValue(value);
  const kind = target.schema === undefined ? "opaque" : shapeOf(target.schema).kind;
  if ("error" in read) {
    return kind === "value" || kind === "opaque" ? { value } : { error: `is not valid YAML: ${read.error}` };
  }
  const isScalar = typeof read.value === "string" && (read.value !== "" || /^(?:|~|null|""|'')$/u.test(value.trim()));
  return kind === "value" && !isScalar ? { value } : read;
}
