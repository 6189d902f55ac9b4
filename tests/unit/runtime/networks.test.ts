import { describe, expect, test } from "bun:test";
import { Networks } from "../../../src/runtime/index.ts";

describe("networks", () => {
  test.each([
    ["10.1.2.3", ["10.0.0.0/8"]],
    ["10.1.2.3", ["10.1.2.3"]],
    ["::1", ["::1"]],
    ["2001:db8::7", ["10.0.0.0/8", "2001:db8::/32"]],
    ["192.0.2.1", ["0.0.0.0/0"]],
    ["fe80::1", ["::/0"]],
    ["::ffff:10.1.2.3", ["10.0.0.0/8"]],
  ])("have %s in %p", (address, networks) => expect(new Networks(networks).has(address)).toBe(true));

  test.each([
    ["11.1.2.3", ["10.0.0.0/8"]],
    ["10.1.2.4", ["10.1.2.3"]],
    ["::2", ["::1"]],
    ["192.0.2.1", ["::/0"]],
    ["fe80::1", ["0.0.0.0/0"]],
    ["", ["0.0.0.0/0", "::/0"]],
    ["10.1.2.3", []],
  ])("do not have %p in %p", (address, networks) => expect(new Networks(networks).has(address)).toBe(false));
});
