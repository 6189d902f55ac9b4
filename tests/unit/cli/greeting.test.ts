import { describe, expect, test } from "bun:test";
import { greet } from "../../../src/cli/greeting.ts";
import { loadConfig } from "../../../src/config/index.ts";

function greeted(addr: string, more: Record<string, string> = {}): string {
  const { config } = loadConfig({ env: { REGISTRY_HTTP_ADDR: addr, ...more } });
  return greet(config, new URL(`http://${addr.startsWith(":") ? `localhost${addr}` : addr}/`));
}

describe("the first push that a start proposes", () => {
  test.each([
    ["0.0.0.0:5402", "localhost:5402"],
    ["[::]:5402", "localhost:5402"],
    [":5402", "localhost:5402"],
    ["127.0.0.1:5402", "localhost:5402"],
    ["192.0.2.7:5402", "192.0.2.7:5402"],
  ])("on %s goes to %s", (addr, host) => {
    const text = greeted(addr);
    expect(text).toContain(`listens on http://${host}\n`);
    expect(text).toContain(`docker push ${host}/busybox\n`);
  });

  test("goes to the public name where there is one", () => {
    expect(greeted("127.0.0.1:1", { REGISTRY_HTTP_HOST: "https://registry.example" })).toContain(
      "docker push registry.example/busybox\n",
    );
  });

  test("begins with a login where one has to", () => {
    expect(greeted("0.0.0.0:5402")).toContain("docker login localhost:5402\n");
    expect(greeted("127.0.0.1:5402")).not.toContain("docker login");
  });
});
