import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createCertificateRules } from "../../../src/auth/client-certificates/certificate-rules.ts";
import { altNamePattern, subjectPattern } from "../../../src/config/values/certificate-types.ts";

/** What the configuration takes is what rules can be made of. */
function expectSame(type: typeof subjectPattern, key: "subject" | "san", text: string): void {
  const isTaken = type.schema.safeParse(text).success;
  let isRule = true;
  try {
    createCertificateRules([{ [key]: text, name: { account: "a" } }]);
  } catch {
    isRule = false;
  }
  if (isTaken) expect([text, isRule]).toEqual([text, true]);
}

const textOf = (...pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => all.join(""));

describe("a pattern that the configuration takes can be a rule", () => {
  test("of a subject", () =>
    fc.assert(
      fc.property(textOf("CN=", "o = ", "XX=", "2.5.4.3=", "a", "*", "\\", "\\,", ",", "+", " ", "\n", "1"), (text) =>
        expectSame(subjectPattern, "subject", text),
      ),
      { numRuns: 5000 },
    ));

  test("of a name", () =>
    fc.assert(
      fc.property(textOf("dns:", "email:", "uri:", "spiffe://", "a", "*", ".", "@", "/", ":", " ", "1"), (text) =>
        expectSame(altNamePattern, "san", text),
      ),
      { numRuns: 5000 },
    ));
});

test.each(["CN=*,O=Acme", "CN=a\\,b+OU=c", "2.5.4.3=x", "cn = a b"])("%s is a pattern of a subject", (text) =>
  expect(subjectPattern.schema.safeParse(text).success).toBe(true),
);

test.each(["dns:*.ci.acme", "email:*@acme.com", "spiffe://acme/ci/*", "uri:urn:uuid:*", "dns:build-*.*.acme"])(
  "%s is a pattern of a name",
  (text) => expect(altNamePattern.schema.safeParse(text).success).toBe(true),
);
