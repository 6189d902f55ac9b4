import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { checkConfig } from "../../../src/cli/check-config.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

function check(file: string, options: { env?: Record<string, string>; print?: boolean } = {}) {
  return checkConfig({
    path: "berth.yml",
    env: options.env ?? {},
    print: options.print ?? false,
    readFile: () => file,
  });
}

describe("checkConfig", () => {
  test("says that a configuration is good", () => {
    const result = check("http: {addr: '[::1]:5000'}");
    expect(result).toEqual({
      exitCode: 0,
      stdout: "The configuration is good; the registry would listen on [::1]:5000.\n",
      stderr: "",
    });
  });

  test("prints it when asked to, and the warnings apart", () => {
    const result = check("storage: {cache: {blobdescriptor: inmemory}}", { print: true });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toStartWith("version: 0.1\nlog:\n  level: info\n");
    expect(result.stderr).toBe(
      "warning: storage.cache (berth.yml line 1): is not needed: descriptors are looked up in the database\n",
    );
  });

  test("gives one line a problem and exit code 78", () => {
    const result = check("http:\n  adr: x\n  draintimeout: 1x\n", {
      env: { REGISTRY_LOG_LEVEL: "loud", REGISTRY_LOG_LEVL: "x" },
    });
    expect(result.exitCode).toBe(78);
    expect(result.stdout).toBe("");
    expect(result.stderr.split("\n")).toEqual([
      "error: http.adr (berth.yml line 2): is no key of the configuration; did you mean http.addr?",
      'error: log.level (REGISTRY_LOG_LEVEL): "loud" is none of error, warn, info, debug',
      'error: http.draintimeout (berth.yml line 3): "1x" is not a duration such as 30s, 10m or 1h30m',
      "warning: REGISTRY_LOG_LEVL: is ignored: no such key; did you mean REGISTRY_LOG_LEVEL?",
      "",
    ]);
  });

  test("warns of a folder of registry:2 until there is a database", () => {
    const folder = makeTemporaryFolder("unimported");
    const file = `storage: {filesystem: {rootdirectory: ${folder}}}`;
    expect(check(file).stderr).toBe("");
    mkdirSync(join(folder, "docker/registry/v2/repositories"), { recursive: true });
    expect(check(file).stderr).toContain(`import registry-v2 ${folder}\n`);
    mkdirSync(join(folder, "berth"));
    writeFileSync(join(folder, "berth/berth.db"), "");
    expect(check(file).stderr).toBe("");
  });

  test("names the import into the database that is configured", () => {
    const folder = makeTemporaryFolder("unimported");
    mkdirSync(join(folder, "docker/registry/v2/repositories"), { recursive: true });
    const database = join(folder, "our own.db");
    const { stderr } = check(`{storage: {filesystem: {rootdirectory: ${folder}}}, database: {path: ${database}}}`);
    expect(stderr).toContain(`import registry-v2 ${folder} --database '${database}'\n`);
  });

  test("leaves the usual place of the database out of it, however the folder is written", () => {
    const folder = makeTemporaryFolder("unimported");
    mkdirSync(join(folder, "docker/registry/v2/repositories"), { recursive: true });
    const { stderr } = check(`storage: {filesystem: {rootdirectory: ${folder}/}}`);
    expect(stderr).toContain(`import registry-v2 ${folder}/\n`);
  });

  test("says that a folder is no file", () => {
    expect(checkConfig({ path: "/", env: {}, print: false }).stderr).toBe("error: /: cannot be read: it is a folder\n");
  });

  test("names a file that cannot be read", () => {
    const result = checkConfig({ path: "/nowhere/berth.yml", env: {}, print: false });
    expect(result.exitCode).toBe(78);
    expect(result.stderr).toStartWith("error: /nowhere/berth.yml: cannot be read: ENOENT");
  });

  describe("of a password file", () => {
    const checkHtpasswd = (path: string) => check(`auth: {htpasswd: {realm: x, path: ${path}}}`);
    const newPath = () => join(makeTemporaryFolder("htpasswd"), "htpasswd");

    test.each([
      ["# nobody\n", ["has no user who can log in"]],
      [
        "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nbob\n",
        ["has no user who can log in", ": line 1: the hash is not bcrypt", ": line 2 is not user:hash"],
      ],
      [`alice:$2y$05$${"a".repeat(21)}u${"b".repeat(30)}u\n`, []],
    ])("warns of what is wrong in %j", async (text, problems) => {
      const path = newPath();
      await Bun.write(path, text);
      const { exitCode, stderr } = checkHtpasswd(path);
      expect(exitCode).toBe(0);
      const warnings = stderr.trimEnd().split("\n").filter(Boolean);
      expect(warnings).toHaveLength(problems.length);
      for (const [index, problem] of problems.entries()) {
        expect(warnings[index]).toStartWith(`warning: auth.htpasswd.path: ${path}`);
        expect(warnings[index]).toContain(problem);
      }
      expect(stderr).not.toContain("W6ph5Mm5");
    });

    test("warns that it cannot be read", () => {
      const path = newPath();
      mkdirSync(path);
      expect(checkHtpasswd(path).stderr).toContain(`auth.htpasswd.path: ${path} cannot be read, nobody can log in: `);
    });

    test("warns that it is missing, and does not make it", () => {
      const path = newPath();
      const { exitCode, stdout, stderr } = checkHtpasswd(path);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^The configuration is good, with 1 warning; /),
      });
      expect(stderr).toStartWith(`warning: auth.htpasswd.path: there is no ${path}; `);
      expect(existsSync(path)).toBe(false);
    });
  });

  test.each([
    ["http.tls.certificate", "http: {tls: {certificate: /nowhere/a.pem, key: /nowhere/a.pem}}"],
    ["http.tls.key", "http: {tls: {certificate: /nowhere/a.pem, key: /nowhere/a.pem}}"],
    [
      "auth.token.rootcertbundle",
      "auth: {token: {realm: 'https://a.example', service: s, issuer: i, rootcertbundle: /nowhere/a.pem}}",
    ],
    [
      "auth.oidc.ca",
      "auth: {accounts: {}, oidc: [{name: a, issuer: 'https://a.example', clientid: b, ca: /nowhere/a.pem}]}",
    ],
  ])("warns that the file of %s cannot be read", (key, file) => {
    const { exitCode, stderr } = check(file);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`warning: ${key}: /nowhere/a.pem cannot be read: ENOENT`);
  });

  test("needs no file", () => {
    expect(checkConfig({ env: {}, print: false }).stdout).toContain("127.0.0.1:5000");
  });
});
