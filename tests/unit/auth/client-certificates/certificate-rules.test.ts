import { describe, expect, test } from "bun:test";
import { createCertificateRules } from "../../../../src/auth/client-certificates/certificate-rules.ts";
import type { CertificateRuleOptions } from "../../../../src/auth/client-certificates/options.ts";
import { parseCertificate } from "../../../../src/auth/client-certificates/parse-certificate.ts";
import { CN, DC, DNS, EMAIL, issue, type Issued, O, OU, URI } from "./issued.ts";

type Given = Omit<CertificateRuleOptions, "name"> & Partial<Pick<CertificateRuleOptions, "name">>;

const FOUND = { account: "found" };

function nameBy(rules: Given | readonly Given[], issued: Issued): string | undefined {
  const list = "length" in rules ? rules : [rules];
  return createCertificateRules(list.map((rule) => ({ name: FOUND, ...rule }))).nameOf(parseCertificate(issue(issued)));
}

const ALICE: Issued = { subject: [[[O, "Acme"]], [[CN, "alice"]]] };

describe("a subject", () => {
  test.each([
    ["CN=*,O=Acme", true],
    ["O=Acme,CN=*", true],
    ["cn=alice, o=Acme", true],
    ["CN=al*e", true],
    ["2.5.4.3=alice", true],
    ["CN=alice+O=Acme", true],
    ["CN=Alice", false],
    ["O=acme", false],
    ["CN=alic", false],
    ["CN=alice,O=Acme,OU=*", false],
    ["CN=\\alice", "refused"],
    ["CN=\\2Calice", "refused"],
    ["CN=", "refused"],
    ["CN", "refused"],
    ["alice", "refused"],
    ["XX=alice", "refused"],
    ["CN=alice,", "refused"],
    ["CN=alice\\", "refused"],
  ])("with CN alice of O Acme and %s: %p", (subject, expected) => {
    if (expected === "refused") expect(() => nameBy({ subject }, ALICE)).toThrow(RangeError);
    else expect(nameBy({ subject }, ALICE)).toBe(expected ? "found" : undefined);
  });

  test("with signs that mean something is written with a backslash", () => {
    const issued = { subject: [[[O, "Acme, Inc. + Sons"]], [[CN, "*"]]] } as const;
    expect(nameBy({ subject: "O=Acme\\, Inc. \\+ Sons,CN=\\*" }, issued)).toBe("found");
    expect(nameBy({ subject: "CN=\\*" }, ALICE)).toBeUndefined();
    expect(nameBy({ subject: "CN=a\\\\b" }, { subject: [[[CN, "a\\b"]]] })).toBe("found");
  });

  test("may have more, but not of what is named", () => {
    const more = { subject: [[[O, "Acme"]], [[OU, "ops"]], [[OU, "ci"]], [[CN, "alice"]]] } as const;
    expect(nameBy({ subject: "CN=alice,O=Acme" }, more)).toBe("found");
    expect(nameBy({ subject: "CN=alice,OU=ops" }, more)).toBeUndefined();
    expect(nameBy({ subject: "CN=alice,OU=ci" }, more)).toBeUndefined();
    expect(nameBy({ subject: "CN=alice,OU=ci,OU=ops" }, more)).toBe("found");
    expect(nameBy({ subject: "CN=alice,OU=ops,OU=ci" }, more)).toBeUndefined();
    const twice = { subject: [[[O, "Other"]], [[O, "Acme"]], [[CN, "alice"]]] } as const;
    expect(nameBy({ subject: "CN=alice,O=Acme" }, twice)).toBeUndefined();
  });

  test("is written in the reverse order, as people do", () => {
    const issued = { subject: [[[DC, "com", 0x16]], [[DC, "acme", 0x16]], [[CN, "alice"]]] } as const;
    expect(nameBy({ subject: "CN=alice,DC=acme,DC=com" }, issued)).toBe("found");
    expect(nameBy({ subject: "CN=alice,DC=com,DC=acme" }, issued)).toBeUndefined();
  });

  test("that cannot be read fits nothing, not even a star", () => {
    const issued = { subject: [[[O, "Acme"]], [[CN, "ad\0min"]]] } as const;
    expect(nameBy({ subject: "CN=*" }, issued)).toBeUndefined();
    expect(nameBy({ subject: "O=Acme" }, issued)).toBe("found");
    expect(nameBy({ subject: "O=Acme", name: { from: "cn" } }, issued)).toBeUndefined();
  });

  test("with several common names fits nothing at all", () => {
    const issued = { subject: [[[O, "Acme"]], [[CN, "alice"]], [[CN, "admin"]]] } as const;
    expect(nameBy({ subject: "O=Acme" }, issued)).toBeUndefined();
    expect(nameBy({ subject: "CN=admin,CN=alice" }, issued)).toBeUndefined();
    expect(nameBy({ san: "dns:a.example" }, { ...issued, altNames: [[DNS, "a.example"]] })).toBeUndefined();
  });

  test("that names another type inside of a value is still that value", () => {
    expect(nameBy({ subject: "O=Acme" }, { subject: [[[CN, "x,O=Acme"]]] })).toBeUndefined();
    expect(nameBy({ subject: "CN=admin" }, { subject: [[[O, "Acme\nCN=admin"]], [[CN, "x"]]] })).toBeUndefined();
  });
});

describe("an alternative name", () => {
  test.each([
    ["dns:build.ci.acme", DNS, "build.ci.acme", "found"],
    ["dns:*.ci.acme", DNS, "build.ci.acme", "found"],
    ["dns:*.CI.acme", DNS, "BUILD.ci.Acme", "found"],
    ["dns:*.ci.acme", DNS, "a.build.ci.acme", undefined],
    ["dns:*.ci.acme", DNS, "ci.acme", undefined],
    ["dns:*.ci.acme", DNS, ".ci.acme", undefined],
    ["dns:*.ci.acme", DNS, "*.ci.acme", undefined],
    ["dns:*.ci.acme", URI, "build.ci.acme", undefined],
    ["dns:*.ci.acme", DNS, "build.ci.acme.evil.example", undefined],
    ["dns:build-*.*.acme", DNS, "build-7.ci.acme", "found"],
    ["email:*@acme.com", EMAIL, "alice@ACME.com", "found"],
    ["email:*@acme.com", EMAIL, "alice@evil.example@acme.com", undefined],
    ["email:*@acme.com", EMAIL, "alice@mail.acme.com", undefined],
    ["email:alice@acme.com", EMAIL, "Alice@acme.com", undefined],
    ["spiffe://acme/ci/*", URI, "spiffe://acme/ci/build", "found"],
    ["uri:spiffe://acme/ci/*", URI, "spiffe://acme/ci/build", "found"],
    ["spiffe://acme/ci/*", URI, "spiffe://acme/ci/team/build", undefined],
    ["spiffe://acme/ci/*", URI, "spiffe://acme/ci/", undefined],
    ["spiffe://acme/*/build", URI, "spiffe://acme/ci/build", "found"],
    ["spiffe://acme/ci/*", URI, "spiffe://ACME/ci/build", undefined],
    ["urn:uuid:*", URI, "urn:uuid:7", "found"],
  ] as const)("%s by %p %s: %p", (san, tag, value, expected) =>
    expect(nameBy({ san }, { altNames: [[tag, value]] })).toBe(expected),
  );

  test.each(["acme", "dns:", "email:acme.com", "email:*@*@acme", "dns:*a*.acme", "//acme/ci", ""])(
    "is refused as a pattern: %j",
    (san) => expect(() => nameBy({ san }, ALICE)).toThrow(RangeError),
  );

  test("is any of several", () => {
    const altNames = [
      [DNS, "other.example"],
      [DNS, "a.ci.acme"],
    ] as const;
    expect(nameBy({ san: "dns:*.ci.acme" }, { altNames })).toBe("found");
  });
});

describe("the name", () => {
  test("is the account's of the first rule that fits", () => {
    const rules = [
      { subject: "O=Other", name: { account: "first" } },
      { subject: "CN=alice", name: { account: "second" } },
      { subject: "O=Acme", name: { account: "third" } },
    ];
    expect(nameBy(rules, ALICE)).toBe("second");
    expect(nameBy(rules, { subject: [[[O, "Nobody"]]] })).toBeUndefined();
  });

  test("is the common name", () => {
    expect(nameBy({ subject: "O=Acme", name: { from: "cn" } }, ALICE)).toBe("alice");
    expect(nameBy({ subject: "O=Acme", name: { from: "cn" } }, { subject: [[[O, "Acme"]]] })).toBeUndefined();
  });

  test("is what the star stands for", () => {
    const name = { from: "san" } as const;
    expect(nameBy({ san: "email:*@acme.com", name }, { altNames: [[EMAIL, "alice@acme.com"]] })).toBe("alice");
    expect(nameBy({ san: "dns:ci-*.acme", name }, { altNames: [[DNS, "ci-Build.acme"]] })).toBe("build");
    expect(nameBy({ san: "spiffe://acme/*/run", name }, { altNames: [[URI, "spiffe://acme/web/run"]] })).toBe("web");
  });

  test("is nobody's when it could be two, although a later rule would fit", () => {
    const altNames = [
      [EMAIL, "alice@acme.com"],
      [EMAIL, "admin@acme.com"],
    ] as const;
    const rules = [{ san: "email:*@acme.com", name: { from: "san" } as const }, { san: "email:*@acme.com" }];
    expect(nameBy(rules, { altNames })).toBeUndefined();
    const same = [...altNames.slice(0, 1), [EMAIL, "alice@ACME.com"]] as const;
    expect(nameBy(rules, { altNames: same })).toBe("alice");
  });

  test("of a robot is only one that a rule says", () => {
    const issued = { subject: [[[CN, "team+ci"]]] } as const;
    expect(nameBy({ subject: "CN=*", name: { from: "cn" } }, issued)).toBeUndefined();
    expect(nameBy({ subject: "CN=*", name: { account: "team+ci" } }, issued)).toBe("team+ci");
  });
});

test.each([
  [{ name: FOUND }],
  [{ subject: "CN=*", name: { from: "san" } as const }],
  [{ san: "dns:a.example", name: { from: "san" } as const }],
  [{ san: "dns:*.*.example", name: { from: "san" } as const }],
])("the rule %j cannot be", (rule) => expect(() => createCertificateRules([rule])).toThrow(RangeError));
