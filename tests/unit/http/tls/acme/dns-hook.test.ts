import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { runDnsHook } from "../../../../../src/http/tls/acme/dns-hook.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const record = { host: "registry.example", name: "_acme-challenge.registry.example", value: "-a b'c" };

function makeHook(script: string): string {
  const hook = join(makeTemporaryFolder("hook"), "hook");
  writeFileSync(hook, `#!/bin/sh\n${script}\n`);
  chmodSync(hook, 0o755);
  return hook;
}

describe("the program of dns-01", () => {
  test("gets action, host, record and value as they are", async () => {
    const seen = join(makeTemporaryFolder("seen"), "arguments");
    await runDnsHook(makeHook(`for each in "$@"; do echo "<$each>" >> ${seen}; done`), "present", record);
    expect(readFileSync(seen, "utf8")).toBe(
      "<present>\n<registry.example>\n<_acme-challenge.registry.example>\n<-a b'c>\n",
    );
  });

  test("has failed when it ends with another code than 0, with what it said last", async () => {
    const hook = makeHook("echo no such zone >&2; exit 4");
    const error = await runDnsHook(hook, "cleanup", record).catch((error: unknown) => error);
    expect(error).toMatchObject({
      reason: "challenge-failed",
      message: `${hook} cleanup _acme-challenge.registry.example ended with 4: no such zone`,
    });
  });

  test("is killed when it takes too long", async () => {
    const hook = makeHook("exec sleep 60");
    const error = await runDnsHook(hook, "present", record, 50).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringContaining("was killed after 0.05 s") });
  });

  test("that is not there is said to be so", async () => {
    const hook = join(makeTemporaryFolder("hook"), "none");
    expect(existsSync(hook)).toBe(false);
    const error = await runDnsHook(hook, "present", record).catch((error: unknown) => error);
    expect(error).toMatchObject({
      reason: "challenge-failed",
      message: expect.stringContaining(`the hook ${hook} cannot be started`),
    });
  });
});
