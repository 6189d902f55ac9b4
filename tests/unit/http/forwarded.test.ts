import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { Networks } from "../../../src/runtime/networks.ts";
import { seenClient } from "../../support/seen-client.ts";

const PROXY = "10.0.0.1";
const CLIENT = "203.0.113.7";

interface Hop {
  readonly headers?: Record<string, string>;
  readonly from?: string;
  readonly tls?: boolean;
  readonly trusted?: readonly string[];
}

function viewOf({ headers = {}, from = PROXY, tls = false, trusted = ["10.0.0.0/8", "fd00::/8"] }: Hop) {
  const request = new Request("http://registry.internal:5000/v2/", {
    headers: { Host: "registry.internal:5000", ...headers },
  });
  const { scheme, host, address } = seenClient(request, { address: from, tls }, new Networks(trusted));
  return { scheme, host, address };
}

const DIRECT = { scheme: "http", host: "registry.internal:5000", address: PROXY } as const;

describe("without forwarded headers the client is the one that is connected", () => {
  test("by HTTP", () => expect(viewOf({})).toEqual(DIRECT));
  test("by HTTPS", () => expect(viewOf({ tls: true })).toEqual({ ...DIRECT, scheme: "https" }));
});

describe("forwarded headers of a trusted proxy", () => {
  test("tell scheme, host and address in the standard form", () =>
    expect(viewOf({ headers: { Forwarded: `for=${CLIENT};proto=https;host=registry.example` } })).toEqual({
      scheme: "https",
      host: "registry.example",
      address: CLIENT,
    }));

  test("tell them in the common form", () =>
    expect(
      viewOf({
        headers: {
          "X-Forwarded-Proto": "https",
          "X-Forwarded-Host": "registry.example:8443",
          "X-Forwarded-For": CLIENT,
        },
      }),
    ).toEqual({ scheme: "https", host: "registry.example:8443", address: CLIENT }));

  test("in the common form win over those in the standard one, which a proxy may pass on from the client", () => {
    const forged = "for=9.9.9.9;proto=https;host=evil.example";
    expect(viewOf({ headers: { Forwarded: forged, "X-Forwarded-For": CLIENT } })).toEqual({
      ...DIRECT,
      address: CLIENT,
    });
    expect(viewOf({ headers: { Forwarded: forged, "X-Forwarded-Proto": "http" } })).toEqual(DIRECT);
  });

  test("count by the element of the proxy that the client talked to", () => {
    const added = { "X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "a.example, b.example" };
    expect(viewOf({ headers: { ...added, "X-Forwarded-For": `${CLIENT}, 10.0.0.2` } })).toEqual({
      scheme: "https",
      host: "a.example",
      address: CLIENT,
    });
    const standard = `for=${CLIENT};proto=https;host=a.example, for=10.0.0.2;proto=http;host=b.example`;
    expect(viewOf({ headers: { Forwarded: standard } })).toMatchObject({ scheme: "https", host: "a.example" });
  });

  test("are not believed in what the client put in front", () => {
    const added = { "X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, a.example" };
    const expected = { scheme: "https", host: "a.example" } as const;
    expect(viewOf({ headers: added })).toMatchObject(expected);
    expect(viewOf({ headers: { ...added, "X-Forwarded-For": `9.9.9.9, ${CLIENT}` } })).toMatchObject(expected);
    const standard = `for=9.9.9.9;proto=http;host=evil.example, for=${CLIENT};proto=https;host=a.example`;
    expect(viewOf({ headers: { Forwarded: standard } })).toEqual({ ...expected, address: CLIENT });
  });

  test("that are set and not added to speak for all proxies behind", () =>
    expect(
      viewOf({
        headers: { "X-Forwarded-Proto": "https", "X-Forwarded-For": `${CLIENT}, 10.0.0.2`, "X-Forwarded-Host": "a" },
      }),
    ).toEqual({ scheme: "https", host: "a", address: CLIENT }));

  test.each(["unknown", "_hidden", 'a b" "GET / x', "1.2.3", "[::1", "1.2.3.4:port"])(
    "with the address %j keep the connection's",
    (address) => {
      expect(viewOf({ headers: { "X-Forwarded-For": address } }).address).toBe(PROXY);
      expect(viewOf({ headers: { Forwarded: `for=${address}` } }).address).toBe(PROXY);
    },
  );

  test("may be quoted, spaced and in any case", () =>
    expect(viewOf({ headers: { Forwarded: ` For="${CLIENT}" ; PROTO=HTTPS; Host="registry.example:443" ` } })).toEqual({
      scheme: "https",
      host: "registry.example:443",
      address: CLIENT,
    }));

  test("tell the address when a port stands behind it", () => {
    expect(viewOf({ headers: { Forwarded: `for="${CLIENT}:4711"` } }).address).toBe(CLIENT);
    expect(viewOf({ headers: { Forwarded: 'for="[2001:db8::1]:4711"' } }).address).toBe("2001:db8::1");
    expect(viewOf({ headers: { Forwarded: 'for="[2001:db8::1]"' } }).address).toBe("2001:db8::1");
    expect(viewOf({ headers: { "X-Forwarded-For": `${CLIENT}:4711` } }).address).toBe(CLIENT);
    expect(viewOf({ headers: { "X-Forwarded-For": "2001:db8::1" } }).address).toBe("2001:db8::1");
  });

  test("tell the address also by X-Real-IP", () =>
    expect(viewOf({ headers: { "X-Real-IP": CLIENT } }).address).toBe(CLIENT));

  test("are believed back to the last address that no trusted proxy has", () => {
    const spoofed = `198.51.100.1, ${CLIENT}, 10.1.2.3`;
    expect(viewOf({ headers: { "X-Forwarded-For": spoofed } }).address).toBe(CLIENT);
    expect(viewOf({ headers: { Forwarded: `for=198.51.100.1, for=${CLIENT}, for=10.1.2.3` } }).address).toBe(CLIENT);
  });

  test("give the first address when all of them are proxies", () =>
    expect(viewOf({ headers: { "X-Forwarded-For": "10.9.9.9, 10.1.2.3" } }).address).toBe("10.9.9.9"));

  test.each(["ftp", "javascript", "https,", "", "https://x"])("with scheme %j keep the connection's", (scheme) => {
    const expected = scheme === "https," ? "https" : "http";
    expect(viewOf({ headers: { "X-Forwarded-Proto": scheme } }).scheme).toBe(expected);
  });

  test.each(["a b", "x/evil", "u@x", "a\\b", 'x"', "x:port", "x:123456", "x:65536", "[::1", "x?y", "x#y", "<x>"])(
    "with host %j keep the request's",
    (host) => {
      expect(viewOf({ headers: { "X-Forwarded-Host": host } }).host).toBe(DIRECT.host);
      expect(viewOf({ headers: { Forwarded: `host="${host}"` } }).host).toBe(DIRECT.host);
    },
  );

  test.each(["registry.example", "registry.example:5000", "10.0.0.9:80", "[2001:db8::1]:5000", "my_host"])(
    "may say host %s",
    (host) => expect(viewOf({ headers: { "X-Forwarded-Host": host } }).host).toBe(host),
  );
});

describe("forwarded headers of anybody else", () => {
  const headers = { Forwarded: `for=${CLIENT};proto=https;host=evil.example`, "X-Forwarded-Host": "evil.example" };

  test("are not believed", () =>
    expect(viewOf({ headers, from: "192.0.2.1" })).toEqual({ ...DIRECT, address: "192.0.2.1" }));

  test("are not believed where no proxy is trusted", () => expect(viewOf({ headers, trusted: [] })).toEqual(DIRECT));

  test("are not believed on a connection without address", () =>
    expect(viewOf({ headers, from: "" })).toEqual({ ...DIRECT, address: undefined }));
});

describe("a trusted proxy", () => {
  test.each([
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["192.0.2.1/32", "192.0.2.1", true],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::1", "::1", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["10.0.0.0/8", "unknown", false],
    ["10.0.0.0/8", "", false],
  ])("in %s is %s: %j", (network, address, isTrusted) => expect(new Networks([network]).has(address)).toBe(isTrusted));
});

test("whatever is forwarded, the view is one to build a URL from", () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab1.:;,="[]/\\ @?#-_'.split("")), maxLength: 40 });
  fc.assert(
    fc.property(text, text, text, (forwarded, host, scheme) => {
      const headers: Record<string, string> = { "X-Forwarded-Host": host, "X-Forwarded-Proto": scheme };
      if (forwarded.length % 2 === 0) headers["Forwarded"] = forwarded;
      const view = viewOf({ headers });
      expect(["http", "https"]).toContain(view.scheme);
      expect(view.host).toMatch(/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i);
    }),
    { numRuns: 1000 },
  );
});
