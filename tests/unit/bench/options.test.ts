import { describe, expect, test } from "bun:test";
import { parseOptions } from "../../../bench/options.ts";

const ROWS = ["pull", "push", "large"];

describe("parseOptions", () => {
  test("a run of everything leaves out what needs --large, and writes the documents", () => {
    const { only, files, pace } = parseOptions([], ROWS);
    expect(only).toEqual(["pull", "push"]);
    expect(Object.keys(files)).toEqual(["json", "svg", "markdown"]);
    expect(files.markdown).toEndWith("docs/bench.md");
    expect(pace.lists).toEqual({ tags: 100_000, repositories: 10_000 });
    expect(pace.peerLists).toEqual({ tags: 3000, repositories: 300 });
  });

  test("--large adds the optional rows, and so does their name", () => {
    expect(parseOptions(["--large"], ROWS).only).toEqual(ROWS);
    expect(parseOptions(["--only", "large"], ROWS).only).toEqual(["large"]);
  });

  test.each([[["--quick"]], [["--only", "pull"]], [["--from", "a.json"]]])("%p writes only what is named", (argv) => {
    expect(parseOptions(argv, ROWS).files).toEqual({});
    expect(parseOptions([...argv, "--comparison", "c.md"], ROWS).files).toEqual({ comparison: "c.md" });
  });

  test("--full-lists fills docker-registry like Berth, also in a quick run", () => {
    const { pace } = parseOptions(["--quick", "--full-lists"], ROWS);
    expect(pace.peerLists).toEqual(pace.lists);
    expect(pace.lists.tags).toBe(100_000);
  });

  test("a run with a known length is broken off early, one without late", () => {
    expect(parseOptions([], ROWS).limitMinutes).toBeLessThan(parseOptions(["--large"], ROWS).limitMinutes);
  });
});
