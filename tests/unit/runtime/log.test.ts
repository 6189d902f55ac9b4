import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogFormatter } from "../../../src/runtime/log-format.ts";
import type { LineOutput } from "../../../src/runtime/log-output.ts";
import { createLog, type LogFields, type LogLevel } from "../../../src/runtime/log.ts";

const clock = { nowMs: () => Date.UTC(2026, 10, 21, 3, 36, 19, 38) };

function collect(): LineOutput & { readonly lines: string[]; dropped: number } {
  const output = {
    lines: [] as string[],
    dropped: 0,
    write: (line: string) => void output.lines.push(line),
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
    takeDropped: () => {
      const { dropped } = output;
      output.dropped = 0;
      return dropped;
    },
  };
  return output;
}

function lineOf(formatter: LogFormatter, message: string, fields?: LogFields, bound: LogFields = {}): string {
  const output = collect();
  createLog({ level: "debug", formatter, fields: bound, clock, output }).info(message, fields);
  expect(output.lines).toHaveLength(1);
  return output.lines[0] ?? "";
}

describe("text lines", () => {
  test("read like registry:2's", () => {
    expect(lineOf("text", "listening on 127.0.0.1:5000", { "vars.name": "a/b", port: 5000, ok: true })).toBe(
      'time="2026-11-21T03:36:19.038Z" level=info msg="listening on 127.0.0.1:5000" vars.name=a/b port=5000 ok=true',
    );
  });

  test.each<[string, unknown, string]>([
    ["quotes", 'say "hi"', String.raw`x="say \"hi\""`],
    ["backslash", "a\\b", String.raw`x="a\\b"`],
    ["line ends", "a\r\nlevel=error", String.raw`x="a\r\nlevel=error"`],
    ["escape sequences", "\u001b[31m", String.raw`x="\u001b[31m"`],
    ["one-byte escape sequences", "\u009b31m", String.raw`x="\u009b31m"`],
    ["turned writing", "a\u202eb", String.raw`x="a\u202eb"`],
    ["other writing", "répertoire", 'x="répertoire"'],
    ["nothing", "", "x="],
    ["null", null, "x=null"],
    ["no number", Number.NaN, "x=NaN"],
    ["a big number", 2n ** 64n, "x=18446744073709551616"],
    ["an object", { a: [1, "b c"] }, String.raw`x="{\"a\":[1,\"b c\"]}"`],
    ["bytes", new Uint8Array(3), 'x="3 bytes"'],
    ["a date", new Date(0), 'x="1970-01-01T00:00:00.000Z"'],
    ["an address", new URL("http://h/p"), 'x="http://h/p"'],
  ])("a value with %s", (_, value, expected) => {
    expect(lineOf("text", "m", { x: value })).toEndWith(` msg=m ${expected}`);
  });

  test("leave out what is undefined and rename what would be taken for the line's own", () => {
    expect(lineOf("text", "m", { a: undefined, level: "error", "b c": 1 })).toEndWith("msg=m fields.level=error b_c=1");
  });
});

describe("json lines", () => {
  test("have logrus' names", () => {
    expect(JSON.parse(lineOf("json", "m", { status: 200, "vars.name": "a" }, { service: "registry" }))).toEqual({
      time: "2026-11-21T03:36:19.038Z",
      level: "info",
      msg: "m",
      service: "registry",
      status: 200,
      "vars.name": "a",
    });
  });

  test("have logstash's names", () => {
    expect(JSON.parse(lineOf("logstash", "m", { msg: "kept", message: "moved" }))).toEqual({
      "@timestamp": "2026-11-21T03:36:19.038Z",
      "@version": "1",
      level: "info",
      message: "m",
      msg: "kept",
      "fields.message": "moved",
    });
  });

  test("survive a value that holds itself", () => {
    const circle: Record<string, unknown> = {};
    circle["again"] = circle;
    expect(() => JSON.parse(lineOf("json", "m", { circle }))).not.toThrow();
  });
});

describe("whatever is logged", () => {
  // oxlint-disable-next-line no-control-regex
  const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
  const text = fc.string({ unit: "binary" });

  test.each<LogFormatter>(["text", "json", "logstash"])("%s stays one line of visible characters", (formatter) => {
    fc.assert(
      fc.property(text, text, text, (message, name, value) => {
        expect(lineOf(formatter, message, { [name]: value })).not.toMatch(unsafe);
      }),
    );
  });

  test("json gives back what went in", () => {
    fc.assert(
      fc.property(text, text, (message, value) => {
        const line = JSON.parse(lineOf("json", message, { value }));
        expect([line.msg, line.value]).toEqual([message, value]);
      }),
    );
  });
});

describe("secrets", () => {
  test.each(["authorization", "Password", "http.request.token", "clientSecret", "accessToken", "api_key", "Cookie"])(
    "%s is masked",
    (name) => {
      for (const formatter of ["text", "json", "logstash"] as const) {
        const line = lineOf(formatter, "m", { [name]: "hunter2", deep: [{ headers: { [name]: "hunter2" } }] });
        expect(line).not.toContain("hunter2");
        expect(line).toContain("***");
      }
    },
  );

  test("are masked in the fields of a child", () => {
    const output = collect();
    createLog({ level: "info", formatter: "text", clock, output }).child({ password: "hunter2" }).info("m");
    expect(output.lines[0]).toEndWith('password="***"');
  });
});

describe("errors", () => {
  test("are written with their stack and that of each cause", () => {
    const error = new TypeError("outer", { cause: new RangeError("inner") });
    const { err } = JSON.parse(lineOf("json", "m", { err: error }));
    expect(err).toContain("TypeError: outer");
    expect(err).toContain("log.test.ts");
    expect(err).toMatch(/caused by: .*inner/s);
    expect(lineOf("text", "m", { err: error })).not.toContain("\n");
  });

  test("that are caused by themselves end", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(lineOf("text", "m", { err: error })).toContain("loop");
  });
});

describe("levels", () => {
  const all: readonly LogLevel[] = ["debug", "info", "warn", "error"];

  test.each<[LogLevel, string[]]>([
    ["debug", ["debug", "info", "warning", "error"]],
    ["info", ["info", "warning", "error"]],
    ["warn", ["warning", "error"]],
    ["error", ["error"]],
  ])("%s writes %p", (level, written) => {
    const output = collect();
    const log = createLog({ level, formatter: "json", clock, output });
    for (const each of all) log[each]("m");
    expect(output.lines.map((line) => JSON.parse(line).level)).toEqual(written);
    expect(all.filter((each) => log.isEnabled(each))).toHaveLength(written.length);
  });
});

test("a child's fields are on its lines only, and a line's own win", () => {
  const output = collect();
  const log = createLog({ level: "info", formatter: "text", fields: { service: "registry" }, clock, output });
  log.child({ job: "gc", run: 1 }).info("m", { run: 2 });
  log.info("n");
  expect(output.lines.map((line) => line.replace(/^.*msg=/, ""))).toEqual([
    "m service=registry job=gc run=2",
    "n service=registry",
  ]);
});

test("lost lines are told once, before the next line", () => {
  const output = collect();
  const log = createLog({ level: "error", formatter: "json", clock, output });
  output.dropped = 7;
  log.error("a");
  log.error("b");
  expect(output.lines.map((line) => JSON.parse(line).lines ?? JSON.parse(line).msg)).toEqual([7, "a", "b"]);
});
