import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";

import {
  ConfigError,
  formatAddress,
  loadConfig,
  parseByteSize,
  parseDuration,
  parseHostPort,
  printConfig,
} from "../../../src/config/index.ts";
import { readYaml, readYamlValue } from "../../../src/config/read-yaml.ts";
import { parseFlag } from "../../../src/config/values/parse-flag.ts";
import { parseNetwork } from "../../../src/config/values/parse-network.ts";
import * as valueTypes from "../../../src/config/values/value-types.ts";
import { Networks } from "../../../src/runtime/networks.ts";
import { clusterFile, imageOfRegistry2, imageOfRegistry3 } from "../../unit/config/registry-two-files.ts";
import { outcomeOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

const TLS_FILE = `
version: 0.1
storage: { inmemory: {} }
auth: { htpasswd: { realm: "My \\"Realm\\"", path: /etc/htpasswd } }
http:
  addr: "[::1]:443"
  host: https://registry.example
  trustedproxies: [10.0.0.0/8, "fd00::/8"]
  tls:
    certificate: /etc/tls.crt
    key: /etc/tls.key
    minimumtls: tls1.2
    ciphersuites: [TLS_AES_128_GCM_SHA256]
`;

/** `&`, `*`, `<<`, tags, blocks and several documents. */
const WITH_ANCHORS = `
defaults: &defaults { enabled: true, interval: 10s }
health:
  storagedriver: { <<: *defaults, threshold: 3 }
text: |
  two
  lines
folded: >-
  one
? [complex, key]
: !!str value
...
`;

const words = [
  ..."\n|\n  |\t|*defaults|__proto__: |constructor: |http:\n|storage:\n|\ufeff".split("|"),
  ...": - ? | > & * ! % @ # { } [ ] , --- ... <<: &a *a ~ null !!binary".split(" "),
];

export const yaml: FuzzTarget = {
  name: "yaml",
  corpus: [imageOfRegistry2, imageOfRegistry3, clusterFile, TLS_FILE, WITH_ANCHORS, "[debug, info]", "a: b", ""],
  grammar: fc.json({ maxDepth: 5 }),
  words,
  // The library takes seconds for thousands of brackets, one in the other. Who writes the file waits for it.
  maxLength: 4096,
  testInputs: 1_500,
  check(text) {
    const file = readYaml(text);
    ok(file.readable || file.errors.length > 0, "what cannot be read has no error");
    const lineCount = text.split("\n").length;
    for (const { line, message } of file.errors)
      ok(line >= 1 && line <= lineCount && message !== "", `line ${line} of ${lineCount}: ${message}`);
    checkTree(file.tree);
    for (const key of Object.keys(file.tree)) {
      const { line } = file.lineOf([key, "a", 0]);
      ok(line >= 1 && line <= lineCount, `line ${line} of ${lineCount}`);
    }
    const value = readYamlValue(text);
    if ("value" in value) checkTree(value.value);
  },
};

/** Texts, lists and maps, and nothing that has a prototype of its own. */
function checkTree(value: unknown): void {
  if (typeof value === "string") return;
  ok(typeof value === "object" && value !== null);
  if (!Array.isArray(value)) equal(Object.getPrototypeOf(value), Object.prototype);
  for (const inner of Object.values(value)) checkTree(inner);
}

export const configFiles: FuzzTarget = {
  name: "config-files",
  corpus: [imageOfRegistry2, imageOfRegistry3, TLS_FILE],
  words,
  maxLength: 8192,
  testInputs: 800,
  check(text) {
    const outcome = outcomeOf(() => load(text), isConfigError);
    if (!outcome.isAccepted) {
      ok(outcome.error.problems.length > 0);
      for (const { source, message } of outcome.error.problems) ok(source !== "" && message !== "");
      return;
    }
    const printed = printConfig(outcome.value);
    if (printed.includes("***")) return;
    const again = load(printed);
    equal(printConfig(again), printed);
    deepEqual(again.config, outcome.value.config);
  },
};

function load(text: string) {
  return loadConfig({ path: "config.yml", env: {}, readFile: () => text });
}

function isConfigError(error: unknown): error is ConfigError {
  return error instanceof ConfigError;
}

const isPlainError = (error: unknown): error is Error => error instanceof Error && error.constructor === Error;

export const configValues: FuzzTarget = {
  name: "config-values",
  corpus: [
    ...":5000 localhost:5000 [::1]:5000 127.0.0.1:0 registry.example:443 [fe80::1%eth0]:1".split(" "),
    ..."10MiB 2.5GB 10485760 1h30m 1.5s 300ms 168h 1500µs 1000000000 -1s 24h0m0.5s".split(" "),
    ..."10.0.0.0/8 fd00::/8 ::1 192.0.2.1/32 0.0.0.0/0 ::ffff:10.0.0.1/104".split(" "),
    ..."true Yes off https://user:secret@registry.example/path/ /metrics (?i)^https://.*$ *.example.com".split(" "),
    ..."TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 constructor __proto__".split(" "),
    "1 KiB",
    "",
  ],
  words: "ns us µs ms s m h kB MiB TiB : [ ] / /33 . - + % @ :// ./.. constructor __proto__ toString".split(" "),
  maxLength: 2048,
  testInputs: 6_000,
  check(text) {
    checkNumbers(text);
    checkAddresses(text);
    ok([true, false, undefined].includes(parseFlag(text)));
    for (const type of Object.values(valueTypes)) if (typeof type === "object") checkValueType(type, text);
  },
};

function checkNumbers(text: string): void {
  const size = outcomeOf(() => parseByteSize(text), isPlainError);
  if (size.isAccepted) {
    ok(Number.isSafeInteger(size.value) && size.value >= 0);
    equal(parseByteSize(String(size.value)), size.value);
  }
  const duration = outcomeOf(() => parseDuration(text), isPlainError);
  if (!duration.isAccepted) return;
  ok(duration.value >= 0);
  if (duration.value < 1e15) equal(parseDuration(`${duration.value}ms`), duration.value);
}

function checkAddresses(text: string): void {
  const address = outcomeOf(() => parseHostPort(text), isPlainError);
  if (address.isAccepted) deepEqual(parseHostPort(formatAddress(address.value)), address.value);
  const network = outcomeOf(() => parseNetwork(text), isPlainError);
  if (!network.isAccepted) return;
  equal(parseNetwork(network.value), network.value);
  const [first = ""] = network.value.split("/");
  ok(new Networks([network.value]).has(first), `${first} is not in ${network.value}`);
}

/** What a value becomes: plain data of its own kind, never something of the language that has the same name. */
function checkValueType(type: valueTypes.ValueType<unknown>, text: string): void {
  const { data, error } = type.schema.safeParse(text);
  if (error !== undefined) ok(error.issues.every(({ message }) => message !== ""));
  else
    ok(
      ["string", "number", "boolean"].includes(typeof data) || data instanceof RegExp || isHostPort(data),
      `${type.name} became ${typeof data}`,
    );
}

function isHostPort(data: unknown): boolean {
  return typeof data === "object" && data !== null && "hostname" in data && "port" in data;
}
