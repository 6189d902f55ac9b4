import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, isLoopback, parseByteSize, parseDuration, parseHostPort } from "../../../src/config/index.ts";
import { nearest } from "../../../src/config/nearest-key.ts";
import { parseNetwork } from "../../../src/config/values/parse-network.ts";

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["10s", 10_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    [".5s", 500],
    ["1.s", 1000],
    ["300ms", 300],
    ["168h", 604_800_000],
    ["1000000000", 1000],
    ["1ns", 1],
    ["1500us", 2],
    ["1500µs", 2],
    ["1500μs", 2],
    ["1m1m", 120_000],
  ])("%s", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each(
    ["", " ", "s", "1.5", "1d", "1h 30m", "-1s", "+1s", "1hm", ".s", "1e3s", "٣s", "ten"].filter(
      (text) => text !== "10",
    ),
  )("refuses %j", (text) => {
    expect(() => parseDuration(text)).toThrow("duration");
  });

  test("sums its parts", () => {
    const part = fc.record({ amount: fc.nat(100_000), unit: fc.constantFrom("ms", "s", "m", "h") });
    const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.map(({ amount, unit }) => `${amount}${unit}`).join("");
        return parseDuration(text) === parts.reduce((sum, { amount, unit }) => sum + amount * factor[unit], 0);
      }),
    );
  });

  test("rounds fractions up to a whole millisecond, without noise", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (ms) => {
        const digits = String(ms % 1000).padStart(3, "0");
        expect(parseDuration(`${Math.floor(ms / 1000)}.${digits}s`)).toBe(ms);
        expect(parseDuration(`${ms}ms1ns`)).toBe(ms + 1);
      }),
    );
  });

  test("any other text is refused with an error, never misread", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(\d+|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/u.test(text));
        expect(() => parseDuration(text)).toThrow(Error);
      }),
    );
  });
});

describe("parseByteSize", () => {
  test.each([
    ["0", 0],
    ["10485760", 10_485_760],
    ["10MiB", 10_485_760],
    ["2.5GB", 2_500_000_000],
    ["1 KiB", 1024],
    ["1.5kB", 1500],
  ])("%s", (text, expected) => {
    expect(parseByteSize(text)).toBe(expected);
  });

  test.each(["", "-1", "1.5", "1XB", "MiB", "1e9", "constructor", "1 constructor", "99999999TiB"])(
    "refuses %j",
    (text) => {
      expect(() => parseByteSize(text)).toThrow();
    },
  );
});

describe("parseHostPort", () => {
  test.each([
    [":5000", "", 5000],
    ["localhost:5000", "localhost", 5000],
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["[::1]:5000", "::1", 5000],
    ["[::]:65535", "::", 65_535],
    ["registry.example:443", "registry.example", 443],
  ])("%s", (text, hostname, port) => {
    expect(parseHostPort(text)).toEqual({ hostname, port });
  });

  test.each([
    "",
    "5000",
    "localhost",
    "localhost:",
    ":",
    ":65536",
    ":-1",
    ":http",
    "::1:5000",
    "[::1]",
    "[]:1",
    "[a]:1",
    "[127.0.0.1]:1",
    "a b:1",
    "http://x:1",
    "x/y:1",
    "-a:1",
    ": 80",
    ":80 ",
  ])("refuses %j", (text) => {
    expect(() => parseHostPort(text)).toThrow();
  });

  const address = fc.record({
    hostname: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant("")),
    port: fc.integer({ min: 0, max: 65_535 }),
  });

  test("reads back what formatAddress writes", () => {
    fc.assert(fc.property(address, (given) => expect(parseHostPort(formatAddress(given))).toEqual(given)));
  });

  test("whatever it takes has the form it says", () => {
    let taken = 0;
    const piece = fc.constantFrom("a", "1", "::1", "127.0.0.1", "[", "]", ":", ":5000", ".", "-", "/", " ");
    const text = fc.array(piece, { maxLength: 5 }).map((pieces) => `${pieces.join("")}:5000`);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (given) => {
        try {
          const { hostname, port } = parseHostPort(given);
          taken += 1;
          return Number.isInteger(port) && port <= 65_535 && !/[\s/[\]]/u.test(hostname);
        } catch (error) {
          return error instanceof Error;
        }
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

describe("isLoopback", () => {
  test.each(["127.0.0.1:1", "127.255.0.9:1", "localhost:1", "LOCALHOST:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1"])(
    "%s is",
    (text) => {
      expect(isLoopback(parseHostPort(text))).toBe(true);
    },
  );

  test.each([
    ":1",
    "0.0.0.0:1",
    "[::]:1",
    "10.0.0.1:1",
    "128.0.0.1:1",
    "localhost.example:1",
    "127.0.0.1.example:1",
    "[::2]:1",
  ])("%s is not", (text) => {
    expect(isLoopback(parseHostPort(text))).toBe(false);
  });

  test("a socket is", () => {
    expect(isLoopback({ unixSocketPath: "/run/berth.sock" })).toBe(true);
  });
});

describe("parseNetwork", () => {
  test.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["192.0.2.1", "192.0.2.1/32"],
    ["::1", "::1/128"],
    ["fd00::/8", "fd00::/8"],
    ["0.0.0.0/0", "0.0.0.0/0"],
  ])("%s", (text, expected) => {
    expect(parseNetwork(text)).toBe(expected);
  });

  test.each([
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/1.5",
    "localhost",
    "300.0.0.1",
  ])("refuses %j", (text) => {
    expect(() => parseNetwork(text)).toThrow("not a network");
  });
});

describe("nearest", () => {
  const keys = ["addr", "net", "prefix", "host", "draintimeout", "rootdirectory"];

  test.each([
    ["adr", "addr"],
    ["address", undefined],
    ["hots", "host"],
    ["drainTimeout", "draintimeout"],
    ["rootdir", undefined],
    ["root_directory", "rootdirectory"],
    ["zzz", undefined],
  ])("%s means %p", (word, expected) => {
    expect(nearest(word, keys)).toBe(expected as string);
  });
});
