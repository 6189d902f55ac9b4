import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addressRange } from "../../../src/runtime/address-range.ts";

describe("addresses are one caller's", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:0:1:1:2:3:4", "2001:db8:0:1::/64"],
    ["2001:db8:0:1::", "2001:db8:0:1::/64"],
    ["2001:db8:0:1::9", "2001:db8:0:1::/64"],
    ["2001:0DB8:0000:0001::9", "2001:db8:0:1::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["2001:db8:0:2::1", "2001:db8:0:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::FFFF:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:0:203.0.113.7", "0:0:0:0::/64"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["unix", "unix"],
    ["", ""],
  ])("%j: %j", (address, key) => expect(addressRange(address)).toBe(key));

  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 }).filter(([first]) => first !== 0);

  test("the same however an address is written", () =>
    fc.assert(
      fc.property(groups, fc.nat(7), fc.nat(7), (numbers, start, length) => {
        const short = numbers.map((number) => number.toString(16));
        const key = `${short.slice(0, 4).join(":")}::/64`;
        const end = Math.min(start + length, 8);
        expect(addressRange(short.join(":"))).toBe(key);
        expect(addressRange(short.map((text) => text.toUpperCase().padStart(4, "0")).join(":"))).toBe(key);
        if (end > start && numbers.slice(start, end).every((number) => number === 0))
          expect(addressRange(`${short.slice(0, start).join(":")}::${short.slice(end).join(":")}`)).toBe(key);
      }),
    ));
});
