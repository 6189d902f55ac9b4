import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import {
  clearStaleSocket,
  describeAddress,
  explainRefusal,
  ListenError,
} from "../../../../src/http/listener/listen-address.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

test.each([
  [{ hostname: "", port: 5000 }, ":5000"],
  [{ hostname: "127.0.0.1", port: 5000 }, "127.0.0.1:5000"],
  [{ hostname: "::1", port: 5000 }, "[::1]:5000"],
  [{ unixSocketPath: "/run/berth.sock" }, "/run/berth.sock"],
])("%j is written %s", (address, text) => expect(describeAddress(address)).toBe(text));

describe("a refusal to listen", () => {
  const refusal = new ListenError("in-use", "in use by another program");

  test("on a name that has no address says so, whatever the system's words were", async () => {
    const explained = await explainRefusal({ hostname: "registry.invalid", port: 5000 }, refusal);
    expect(explained).toMatchObject({
      reason: "no-such-address",
      message: expect.stringContaining("the name registry.invalid cannot be resolved"),
    });
  });

  test.each([
    { hostname: "", port: 5000 },
    { hostname: "127.0.0.1", port: 5000 },
    { hostname: "::1", port: 5000 },
    { hostname: "localhost", port: 5000 },
    { unixSocketPath: "/run/berth.sock" },
  ])("on %j keeps its words", async (address) => expect(await explainRefusal(address, refusal)).toBe(refusal));
});

describe("the path of a unix socket", () => {
  const newPath = () => join(makeTemporaryFolder("socket"), "berth.sock");

  test("that is free stays free", async () => {
    const path = newPath();
    await clearStaleSocket(path);
    expect(existsSync(path)).toBe(false);
  });

  test("that a killed process left behind is freed", async () => {
    const path = newPath();
    const program = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log("up")`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    expect(existsSync(path)).toBe(true);
    await clearStaleSocket(path);
    expect(existsSync(path)).toBe(false);
  });

  test("that a living process listens on is not touched", async () => {
    const path = newPath();
    const server = Bun.listen({ unix: path, socket: { data() {} } });
    const error = await clearStaleSocket(path).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "in-use" });
    expect(existsSync(path)).toBe(true);
    server.stop(true);
  });

  test("that is somebody's file is not touched", async () => {
    const path = newPath();
    await Bun.write(path, "precious");
    const error = await clearStaleSocket(path).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: "refused", message: `${path} exists and is not a socket: remove it` });
    expect(await Bun.file(path).text()).toBe("precious");
  });
});
