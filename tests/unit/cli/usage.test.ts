import { describe, expect, test } from "bun:test";
import { EXAMPLES } from "../../../src/cli/command-examples.ts";
import { run } from "./remote/berth-at.ts";

describe("a command line that is not right ends with 64, and says where help is", () => {
  test.each([
    [["user", "create"], "missing required argument 'name'", "user create"],
    [["user", "frob"], "unknown command 'frob'", "user"],
    [["serve", "--port", "5001"], "unknown option '--port'", "serve"],
    [["scrub", "--rate", "fast"], "--rate", "scrub"],
    [["completion", "cmd"], "cmd", "completion"],
    [["help", "user", "frob"], "unknown command 'frob'", "user"],
    [["help", "nosuch"], "unknown command 'nosuch'", ""],
  ])("%j", async (argv, problem, place) => {
    const { exitCode, stdout, stderr } = await run(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
    expect(stderr).toContain(problem);
    expect(stderr).toEndWith(`See: bin/berth${place && ` ${place}`} --help\n`);
  });

  test("a noun alone shows its verbs", async () => {
    expect(await run(["user"])).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("reset-password") });
  });

  test("a name that --local took is told", async () => {
    const { exitCode, stderr } = await run(["user", "create", "--local", "alice"]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain('"alice" was taken for the configuration of --local');
    expect((await run(["user", "create", "--local", "--json"])).stderr).not.toContain("was taken");
  });
});

describe("the examples of a command", () => {
  test.each(Object.entries(EXAMPLES))(
    "of %s take options that it has, and stand in its help",
    async (name, examples) => {
      const { stdout } = await run([...name.split(" "), "--help"]);
      expect(stdout).toMatch(new RegExp(`^Usage: berth ${name}\\b`));
      for (const typed of examples) {
        expect(stdout).toContain(`\n  bin/berth ${name} ${typed}\n`);
        const [options = ""] = stdout.split("Such as:");
        for (const [option] of typed.matchAll(/--[a-z-]+/g))
          expect(options).toMatch(new RegExp(`^ +(-\\w, )?${option}\\b`, "m"));
      }
    },
  );
});

describe("help that was asked for", () => {
  test.each([
    [["help"], "Usage: berth [options] [command]"],
    [["help", "user", "create"], "Usage: berth user create [options] <name>"],
    [["user", "create", "--help"], "Usage: berth user create [options] <name>"],
    [["--version"], "berth "],
  ])("%j", async (argv, text) => {
    const { exitCode, stdout, stderr } = await run(argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toStartWith(text);
  });
});
