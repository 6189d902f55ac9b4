import { describe, expect, test } from "bun:test";
import { at } from "../../../../src/cli/remote/api-client.ts";
import { nodeInPath, parseNode, parseSubject } from "../../../../src/cli/remote/names.ts";
import { parseEnd } from "../../../../src/cli/remote/parse-end.ts";
import { parsePastTime, parseTime } from "../../../../src/cli/remote/parse-time.ts";
import { parseServer } from "../../../../src/cli/remote/server-address.ts";
import { formatTable } from "../../../../src/cli/table.ts";

describe("a server", () => {
  test.each([
    ["registry.example", "https://registry.example"],
    ["registry.example:5000/", "https://registry.example:5000"],
    ["localhost:5000", "http://localhost:5000"],
    ["127.0.0.1:5000", "http://127.0.0.1:5000"],
    ["[::1]:5000", "http://[::1]:5000"],
    ["localhost.example", "https://localhost.example"],
    ["http://registry.example/prefix/", "http://registry.example/prefix"],
  ])("%s is %s", (text, url) => expect(parseServer(text)).toBe(url));

  test.each(["", "user:secret@registry.example", "https://", "registry.example?x", "two words"])("%j is none", (text) =>
    expect(() => parseServer(text)).toThrow(RangeError),
  );
});

test("a path of the API has every value encoded", () => {
  expect(at`/namespaces/${"team/app"}/members/${"robot:team+ci"}`).toBe(
    "/namespaces/team%2Fapp/members/robot%3Ateam%2Bci",
  );
  expect(at`/users/${"../me"}`).toBe("/users/..%2Fme");
});

test.each([
  ["/", "", "_root"],
  ["team", "team", "team"],
  ["/team/app/", "team/app", "team/app"],
])("the namespace %s", (text, path, inPath) => {
  expect(parseNode(text)).toBe(path);
  expect(nodeInPath(text)).toBe(inPath);
});

test.each([
  ["anna", "user:anna"],
  ["team/app+ci", "robot:team/app+ci"],
  ["group:dev", "group:dev"],
  ["signed-in", "signed-in"],
  ["anonymous", "anonymous"],
])("the subject %s is %s", (text, subject) => expect(parseSubject(text)).toBe(subject));

test("the namespace of an empty variable is none, least of all the root", () =>
  expect(() => nodeInPath("")).toThrow("the root of all is /"));

describe("a time", () => {
  test("is a day, or so long ago", () => {
    expect(parseTime("2027-01-31")).toBe(Date.parse("2027-01-31T00:00:00Z"));
    expect(Math.round((Date.now() - parseTime("2d")) / 3_600_000)).toBe(48);
    expect(Math.round((Date.now() - parseTime("3h")) / 3_600_000)).toBe(3);
  });

  test.each(["", "soon", "1", "12", "2026", "d", "2027-13-01"])("is not %j", (text) =>
    expect(() => parseTime(text)).toThrow(),
  );

  test("that has been is none to come", () => {
    expect(parsePastTime("2026-01-31")).toBe(Date.parse("2026-01-31T00:00:00Z"));
    expect(() => parsePastTime("9999-01-01")).toThrow("That time is to come.");
  });
});

describe("an end", () => {
  test("is a day, a time from now on, or none", () => {
    expect(parseEnd("never")).toBeNull();
    expect(parseEnd("2027-01-31")).toBe("2027-01-31T00:00:00.000Z");
    const hours = (Date.parse(parseEnd("2d") ?? "") - Date.now()) / 3_600_000;
    expect(Math.round(hours)).toBe(48);
  });

  test.each(["", "soon", "90", "d", "2027-13-01"])("is not %j", (text) => expect(() => parseEnd(text)).toThrow());
});

test("what stands in a table does not rule the terminal", () => {
  const text = formatTable([{ name: "\u001b[2Jevil\u202e" }], { name: (row) => row.name });
  expect(text).toBe("name\n?[2Jevil?\n");
});
