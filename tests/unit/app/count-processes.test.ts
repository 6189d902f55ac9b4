import { expect, test } from "bun:test";
import { countProcesses } from "../../../src/app/supervise-app.ts";
import { type Config, loadConfig } from "../../../src/config/index.ts";

function configOf(env: Readonly<Record<string, string>>): Config {
  const loaded = loadConfig({ env });
  if (!loaded.config) throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

test.each([
  [1, 1],
  [2, 1],
  [4, 2],
  [7, 3],
  [64, 8],
])("on %d processors there are %d by themselves", (processors, processes) => {
  expect(countProcesses(configOf({}), processors)).toBe(processes);
});

test("as many as the configuration says, on whatever machine", () => {
  expect(countProcesses(configOf({ REGISTRY_HTTP_PROCESSES: "5" }), 2)).toBe(5);
  expect(countProcesses(configOf({ REGISTRY_HTTP_PROCESSES: "1" }), 64)).toBe(1);
});

test.each([
  ["a socket", { REGISTRY_HTTP_NET: "unix", REGISTRY_HTTP_ADDR: "/run/berth.sock" }],
  ["memory", { REGISTRY_STORAGE: "inmemory" }],
  [
    "certificates by ACME",
    {
      REGISTRY_HTTP_TLS_ACME_HOSTS: "[registry.example]",
      REGISTRY_HTTP_TLS_ACME_TERMSAGREED: "true",
    },
  ],
])("with %s there is one", (_, env) => {
  expect(countProcesses(configOf(env), 64)).toBe(1);
});
