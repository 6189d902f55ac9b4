import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readOid } from "../../../../src/auth/client-certificates/der-reader.ts";
import { parseCertificate } from "../../../../src/auth/client-certificates/parse-certificate.ts";
import { CN, DC, DNS, EMAIL, issue, type Issued, O, pemOf, URI } from "./issued.ts";

const read = (issued: Issued) => parseCertificate(issue(issued));

describe("a certificate is read", () => {
  test("with its names in its own order", () => {
    const { subject, subjectAltNames } = read({
      subject: [
        [[DC, "com", 0x16]],
        [[O, "Acme, Inc.", 0x13]],
        [
          [CN, "Jürgen"],
          ["2.5.4.11", "ops"],
        ],
      ],
      altNames: [
        [DNS, "a.example"],
        [EMAIL, "a@example"],
        [URI, "spiffe://acme/ci/a"],
      ],
    });
    expect(subject.map(({ oid, value }) => [oid, value])).toEqual([
      [DC, "com"],
      [O, "Acme, Inc."],
      [CN, "Jürgen"],
      ["2.5.4.11", "ops"],
    ]);
    expect(subjectAltNames).toEqual([
      { kind: "dns", value: "a.example" },
      { kind: "email", value: "a@example" },
      { kind: "uri", value: "spiffe://acme/ci/a" },
    ]);
  });

  test("as the runtime reads it", () => {
    const der = issue({ subject: [[[O, "Acme"]], [[CN, "alice"]]], altNames: [[DNS, "a.example"]] });
    const { subject, subjectAltName } = new X509Certificate(pemOf(der));
    expect([subject, subjectAltName]).toEqual(["O=Acme\nCN=alice", "DNS:a.example"]);
    expect(parseCertificate(new X509Certificate(pemOf(der)).raw)).toEqual(parseCertificate(der));
  });

  test("with the time that it holds, to the second", () => {
    const times = { notBefore: "491231235959Z", notAfter: "20500101000000Z" };
    expect(read(times)).toMatchObject({
      notBeforeMs: Date.UTC(2049, 11, 31, 23, 59, 59),
      notAfterMs: Date.UTC(2050, 0, 1),
    });
    expect(read({ notBefore: "500101000000Z" }).notBeforeMs).toBe(Date.UTC(1950, 0, 1));
  });

  test("without any names", () => expect(read({})).toMatchObject({ subject: [], subjectAltNames: [] }));
});

describe("a name that could be taken for another one", () => {
  test("stays one name, whatever is in it", () => {
    const forged = "x.example, URI:spiffe://acme/ci/admin\nCN=admin";
    const plain = "x.example, URI:spiffe://acme/ci/admin";
    const { subject, subjectAltNames } = read({
      subject: [[[CN, plain]]],
      altNames: [
        [DNS, plain],
        [DNS, forged],
      ],
    });
    expect(subject).toEqual([{ oid: CN, value: plain }]);
    expect(subjectAltNames).toEqual([{ kind: "dns", value: plain }]);
  });

  test.each([
    ["with a zero byte", "admin\0.evil.example", 0x0c],
    ["with a line break", "admin\nx", 0x0c],
    ["with letters that turn its direction", "nimda\u202e", 0x0c],
    ["with what cannot be seen", "ad\u200bmin", 0x0c],
    ["that is broken UTF-8", Buffer.from([0xff, 0x61]), 0x0c],
    ["that is UTF-8 where ASCII must be", "jürgen", 0x13],
    ["in a form of old", Buffer.from("admin", "latin1"), 0x14],
    ["in two bytes a letter", Buffer.from("\0a\0d", "latin1"), 0x1e],
    ["that is empty", "", 0x0c],
  ] as const)("%s is there, and is not read", (_, value, tag) =>
    expect(read({ subject: [[[CN, value, tag]]] }).subject).toEqual([{ oid: CN, value: undefined }]),
  );

  test("of another kind is passed over, and one with control characters", () => {
    const altNames = [
      [0x87, Buffer.from([127, 0, 0, 1])],
      [0xa4, Buffer.from([0x30, 0])],
      [EMAIL, "a@acme.com\0@evil.example"],
      [DNS, "b.example"],
    ] as const;
    expect(read({ altNames }).subjectAltNames).toEqual([{ kind: "dns", value: "b.example" }]);
  });
});

describe("what is no certificate is refused", () => {
  const whole = issue({ subject: [[[CN, "alice"]]], altNames: [[DNS, "a.example"]] });

  test("cut at any place, or with something behind it", () => {
    for (let length = 0; length < whole.length; length += 7)
      expect(() => parseCertificate(whole.subarray(0, length))).toThrow(RangeError);
    expect(() => parseCertificate(Buffer.concat([whole, Buffer.from([0])]))).toThrow(RangeError);
  });

  test.each(["20200231000000Z", "201301000000Z", "200101250000Z", "200101000000+", "2001010000Z", "today"])(
    "with the time %j",
    (notAfter) => expect(() => read({ notAfter })).toThrow("a time that is none"),
  );

  test("with its names twice", () =>
    expect(() => read({ altNames: [[DNS, "a.example"]], altNameExtensions: 2 })).toThrow("twice"));

  test("with any byte changed it is read or refused, and nothing else", () =>
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const changed = Uint8Array.from(whole);
        changed[place] = (changed[place] ?? 0) ^ change;
        try {
          parseCertificate(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 500 },
    ));

  test.each([[[]], [[0x80]], [[0x55, 0x84]], [Array.from({ length: 12 }, () => 0xff)]])(
    "as an object identifier: %j",
    (bytes) => expect(() => readOid(Uint8Array.from(bytes))).toThrow(RangeError),
  );
});
