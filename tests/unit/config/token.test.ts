import { describe, expect, test } from "bun:test";
import { buildToken } from "../../../src/config/build-token.ts";
import { checkToken } from "../../../src/config/check-token.ts";
import { Findings } from "../../../src/config/findings.ts";
import { tokenKeys } from "../../../src/config/keys/token-keys.ts";

const NEEDED = { realm: "https://auth.example/token", service: "reg.example", issuer: "auth.example" };

function build(settings: Readonly<Record<string, unknown>>): ReturnType<typeof buildToken> {
  const token = tokenKeys.parse({ ...NEEDED, ...settings });
  if (!token) throw new Error("there is no group");
  return buildToken(token);
}

describe("auth.token", () => {
  test("as registry:2 has it", () => {
    const settings = {
      rootcertbundle: "/certs/ca.pem",
      jwks: "/certs/jwks.json",
      signingalgorithms: ["RS256", "eddsa"],
      autoredirect: "true",
      autoredirectpath: "/auth/token/",
    };
    expect(build(settings)).toEqual({
      ...NEEDED,
      redirectPath: "/auth/token/",
      certificatesPath: "/certs/ca.pem",
      keySet: { path: "/certs/jwks.json" },
      algorithms: ["RS256", "EdDSA"],
    });
  });

  test("with the least that can be said takes every algorithm without a shared secret", () => {
    const built = build({ jwks: "https://auth.example/jwks" });
    expect(built).toMatchObject({ redirectPath: undefined, keySet: { url: "https://auth.example/jwks" } });
    expect(built.algorithms).toHaveLength(10);
    expect(built.algorithms.join()).not.toMatch(/HS|none/);
  });

  test.each(["HS256", "hs512", "none", "NONE", "RS1"])("does not take the algorithm %s", (name) => {
    expect(() => build({ signingalgorithms: ["RS256", name] })).toThrow(`\\"${name}\\"`);
  });

  test.each(["realm", "service", "issuer"])("needs %s", (name) => {
    expect(() => build({ [name]: undefined })).toThrow("is needed");
  });
});

describe("the keys of auth.token", () => {
  const problemsOf = (token: Record<string, string>) => {
    const findings = new Findings(() => undefined);
    checkToken({ auth: { token } }, findings);
    return findings.problems.map(({ path }) => path);
  };

  test.each([
    [{ rootcertbundle: "/ca.pem" }, []],
    [{ jwks: "/jwks.json" }, []],
    [{ jwks: "https://auth.example/jwks" }, []],
    [{ jwks: "http://127.0.0.1:5001/jwks" }, []],
    [{ jwks: "http://localhost/jwks" }, []],
    [{ jwks: "http://[::1]/jwks" }, []],
    [{ jwks: "http://auth.example/jwks" }, ["auth.token.jwks"]],
    [{ jwks: "http://127.0.0.1.example/jwks" }, ["auth.token.jwks"]],
    [{}, ["auth.token"]],
  ])("%p", (token, problems) => expect(problemsOf(token as Record<string, string>)).toEqual(problems));

  test("are not asked for where there is no such group", () => {
    const findings = new Findings(() => undefined);
    checkToken({ auth: { none: {} } }, findings);
    expect(findings.problems).toEqual([]);
  });
});
