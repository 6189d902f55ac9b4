import { describe, expect, test } from "bun:test";
import { run } from "./remote/berth-at.ts";

/** What bash offers for these words; the last is the one that is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await run(["completion", "bash"]);
  const list = ["berth", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}; _berth; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const bash = Bun.spawnSync(["bash", "--norc", "-c", ask], { cwd: "/proc/self/fdinfo" });
  return bash.stdout.toString().split("\n").filter(Boolean);
}

describe("bash completes", () => {
  test("commands", async () => {
    const all = await offered("");
    for (const command of ["serve", "login", "user", "group", "robot", "token", "namespace", "access", "audit"])
      expect(all).toContain(command);
    expect(all.filter((word) => word.includes("process"))).toEqual([]);
    expect(await offered("na")).toEqual(["namespace"]);
  });

  test("words of which there are a few, and goes on behind them", async () => {
    expect(await offered("namespace", "set-visibility", "team", "p")).toEqual(["public", "private"]);
    expect(await offered("user", "create", "anna", "--system-role", "a")).toEqual(["administrator", "auditor"]);
    expect(await offered("namespace", "set-role", "team", "anna", "writer", "--js")).toEqual(["--json"]);
    expect(await offered("completion", "z")).toEqual(["zsh"]);
  });

  test("verbs and options, whatever stands between", async () => {
    expect(await offered("user", "re")).toEqual(["reset-password", "revoke-token"]);
    expect(await offered("user", "create", "anna", "--gen")).toEqual(["--generate"]);
    expect(await offered("--help", "robot", "tru")).toEqual(["trusts", "trust"]);
  });
});

test.each(["zsh", "fish"])("%s gets a script that names every command", async (shell) => {
  const { exitCode, stdout } = await run(["completion", shell]);
  expect(exitCode).toBe(0);
  for (const word of ["reset-password", "set-visibility", "password-stdin"]) expect(stdout).toContain(word);
});

test("another shell is refused", async () => expect((await run(["completion", "cmd"])).exitCode).not.toBe(0));
