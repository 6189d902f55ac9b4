import { describe, expect, test } from "bun:test";
import { buildOidc, buildSessions, buildWorkloads } from "../../../src/config/build-oidc.ts";
import { checkOidc } from "../../../src/config/check-oidc.ts";
import { Findings } from "../../../src/config/findings.ts";
import { group } from "../../../src/config/keys/key.ts";
import { oidcKeys, sessionKeys, workloadKeys } from "../../../src/config/keys/oidc-keys.ts";
import { isRawMap } from "../../../src/config/raw-tree.ts";
import { readYamlValue } from "../../../src/config/read-yaml.ts";
import { settle } from "../../../src/config/settle.ts";

const schema = group("", { auth: group("", { oidc: oidcKeys, workloads: workloadKeys, sessions: sessionKeys }) });

/** Reads what is below `auth`. */
function read(yaml: string) {
  const findings = new Findings(() => undefined);
  const value = readYamlValue(`{auth: ${yaml}}`);
  if ("error" in value) throw new Error(value.error);
  const tree = settle(schema, value.value, [], findings);
  if (!isRawMap(tree)) throw new Error("not a map");
  checkOidc(tree, findings);
  const parsed = schema.safeParse(tree);
  for (const issue of parsed.error?.issues ?? [])
    findings.problem(issue.path as readonly (string | number)[], issue.message);
  const told = ({ path, message }: { path: string; message: string }) => `${path} ${message}`;
  return {
    auth: parsed.data?.auth,
    problems: findings.problems.map(told),
    warnings: findings.warnings.map(told),
  };
}

const CORP = "name: corp, issuer: https://login.example.com, clientid: registry";

describe("a provider", () => {
  test("needs little", () => {
    const { auth, problems, warnings } = read(`{oidc: [{${CORP}}]}`);
    expect([problems, warnings]).toEqual([[], []]);
    expect(buildOidc(auth?.oidc ?? [])).toEqual([
      {
        name: "corp",
        title: "corp",
        issuer: "https://login.example.com",
        caPath: undefined,
        privateNetworks: [],
        allowHttp: false,
        clientId: "registry",
        clientSecret: undefined,
        scopes: ["openid", "profile", "email"],
        usernameClaim: "preferred_username",
        displayNameClaim: "name",
        groupsClaim: undefined,
        requiredClaims: {},
        emailDomains: [],
      },
    ]);
  });

  test("can have much", () => {
    const more = `title: Corp, clientsecret: s, scopes: [openid, groups], usernameclaim: email, displaynameclaim: nick,
      groupsclaim: realm_access.roles, requiredclaims: {"https://a.example/team": build-*}, emaildomains: [example.com],
      ca: /etc/ca.pem, privatenetworks: [10.0.0.0/8]`;
    const { auth, problems } = read(`{oidc: [{${CORP}, ${more}}]}`);
    expect(problems).toEqual([]);
    expect(buildOidc(auth?.oidc ?? [])).toMatchObject([
      {
        title: "Corp",
        caPath: "/etc/ca.pem",
        privateNetworks: ["10.0.0.0/8"],
        clientSecret: "s",
        scopes: ["openid", "groups"],
        usernameClaim: "email",
        displayNameClaim: "nick",
        groupsClaim: "realm_access.roles",
        requiredClaims: { "https://a.example/team": "build-*" },
        emailDomains: ["example.com"],
      },
    ]);
  });
});

test("workloads and sessions have defaults", () => {
  const { auth, problems } = read(`{workloads: {issuers: [{issuer: "https://token.actions.githubusercontent.com"}]}}`);
  expect(problems).toEqual([]);
  if (!auth) throw new Error("not read");
  expect(buildWorkloads(auth.workloads)).toEqual({
    issuers: [
      {
        issuer: "https://token.actions.githubusercontent.com",
        caPath: undefined,
        privateNetworks: [],
        allowHttp: false,
        jwksUri: undefined,
        jwksPath: undefined,
        bearerTokenPath: undefined,
      },
    ],
    maxTokenAgeMs: 86_400_000,
  });
  expect(buildSessions(auth.sessions)).toEqual({ idleTimeoutMs: 28_800_000, maxAgeMs: 604_800_000 });
});

test.each([
  [`{oidc: [{${CORP}}, {${CORP}}]}`, 'auth.oidc[1].name "corp" is there twice'],
  [`{oidc: [{name: Corp, issuer: "https://a.example", clientid: r}]}`, "auth.oidc[0].name"],
  [`{oidc: [{name: a, clientid: r}]}`, "auth.oidc[0].issuer is needed"],
  [`{oidc: [{name: a, issuer: "https://a.example"}]}`, "auth.oidc[0].clientid is needed"],
  [`{oidc: [{name: a, issuer: "http://a.example", clientid: r}]}`, "auth.oidc[0].issuer is not https://"],
  [`{oidc: [{name: a, issuer: "https://a.example/?b", clientid: r}]}`, "auth.oidc[0].issuer"],
  [`{oidc: [{${CORP}, scopes: ["openid profile"]}]}`, "auth.oidc[0].scopes[0]"],
  [`{oidc: [{${CORP}, privatenetworks: [inside]}]}`, "auth.oidc[0].privatenetworks[0]"],
  [`{workloads: {issuers: [{issuer: "https://a.example"}, {issuer: "https://a.example"}]}}`, "is there twice"],
  [`{workloads: {issuers: [{issuer: "https://a.example", jwksuri: "http://a.example"}]}}`, "jwksuri is not https://"],
  [
    `{workloads: {issuers: [{issuer: "https://a.example", jwksfile: a, jwksuri: "https://b"}]}}`,
    "no effect with jwksfile",
  ],
  [`{sessions: {idletimeout: 1s}}`, "auth.sessions.idletimeout"],
])("a mistake is told: %s", (yaml, message) => {
  const { problems } = read(yaml);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test.each([
  [`{oidc: [{name: a, issuer: "http://a.example", clientid: r, insecurehttp: true}]}`, "auth.oidc[0].insecurehttp"],
  [`{oidc: [{name: a, issuer: "https://accounts.google.com", clientid: r}]}`, "lets all the world in"],
])("a danger is told: %s", (yaml, message) => {
  const { problems, warnings } = read(yaml);
  expect(problems).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(message);
});

test("a public provider is fine for some of its people", () => {
  const google = 'name: a, issuer: "https://accounts.google.com", clientid: r, emaildomains: [example.com]';
  expect(read(`{oidc: [{${google}}]}`).warnings).toEqual([]);
});
