import { describe, expect, test } from "bun:test";
import { printConfig } from "../../../src/config/index.ts";
import { load, type Given } from "./loading.ts";
import { clusterEnvironment, clusterFile } from "./registry-two-files.ts";

const examples: readonly (readonly [name: string, given: Given])[] = [
  ["nothing", {}],
  ["a cluster's", { file: clusterFile, env: clusterEnvironment }],
  ["inmemory", { file: "storage: inmemory\nloglevel: debug" }],
  ["an empty letsencrypt", { file: "http: {tls: {letsencrypt: {}, acme: {hosts: []}}}" }],
  ["letsencrypt", { file: "http: {tls: {letsencrypt: {cachefile: /c, hosts: [x]}}}" }],
  [
    "lists and odd text",
    {
      file: "log: {fields: {a: 'true', b: '007', c: 'x: #y'}}\nhealth: {tcp: [{addr: 'x:1'}], file: [{file: ' /x '}]}\nhttp: {headers: {X-A: [b, 'c: d']}}",
    },
  ],
];

describe("printConfig", () => {
  test.each(examples)("of %s is a file that means the same", (_name, given) => {
    const loaded = load(given);
    const again = load({ file: printConfig(loaded) });
    // Secrets are masked.
    const { secret } = loaded.config.http;
    const masked = { ...loaded.config.http, secret: secret && "***" };
    expect(again.config).toEqual({ ...loaded.config, http: masked });
    expect(again.warnings).toEqual([]);
    expect(printConfig(again)).toBe(printConfig(loaded));
  });

  test("shows what came from the environment, and the defaults", () => {
    const text = printConfig(load({ file: "http: {draintimeout: 1m}", env: { REGISTRY_LOG_LEVEL: "debug" } }));
    expect(text).toContain("level: debug");
    expect(text).toContain("draintimeout: 1m");
    expect(text).toContain("rootdirectory: ./data");
  });

  test("masks secrets", () => {
    const file = `
http: {secret: hidden1, tls: {acme: {hosts: [x.example], termsagreed: true, eab: {keyid: shown, hmackey: hidden2}}}}
health: {http: [{uri: "https://user:hidden3@x.example/", headers: {Authorization: [Bearer hidden4]}}]}
redis: {password: hidden5}
`;
    const text = printConfig(load({ file, env: { REGISTRY_HTTP_SECRET: "hidden6" } }));
    expect(text).not.toContain("hidden");
    expect(text).toContain('hmackey: "***"');
    expect(text).toContain('headers: "***"');
    expect(text).toContain("https://***@x.example/");
    expect(text).toContain("keyid: shown");
  });
});
