import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../../src/cli/remote/usage-error.ts";
import { runningReferences } from "../../../../src/cli/content/running-references.ts";

const digest = `sha256:${"a".repeat(64)}`;
const registries = ["registry.example", "registry.example:5000"];

describe("of what a cluster runs", () => {
  test.each([
    [`registry.example/team/app@${digest}`, `team/app@${digest}`],
    [`docker-pullable://registry.example/team/app@${digest}`, `team/app@${digest}`],
    [`  registry.example:5000/app@${digest}\r`, `app@${digest}`],
    [`registry.example/team/app:v1.2@${digest}`, `team/app@${digest}`],
  ])("%p is of this registry", (line, image) =>
    expect(runningReferences(line, registries)).toEqual({ images: [image], elsewhere: 0, unread: 0 }),
  );

  test.each([
    `docker.io/library/nginx@${digest}`,
    `registry.example.org/team/app@${digest}`,
    `registry.example:443/team/app@${digest}`,
  ])("%p is of another", (line) =>
    expect(runningReferences(line, registries)).toEqual({ images: [], elsewhere: 1, unread: 0 }),
  );

  test.each([digest, "docker://sha256:0123", "registry.example/team/app:v1", "what?"])("%p says no image", (line) =>
    expect(runningReferences(line, registries)).toEqual({ images: [], elsewhere: 0, unread: 1 }),
  );

  test("each is taken once, and empty lines are nothing", () => {
    const line = `registry.example/team/app@${digest}\n\n`;
    expect(runningReferences(line + line, registries)).toEqual({
      images: [`team/app@${digest}`],
      elsewhere: 0,
      unread: 0,
    });
  });

  test("all containers of the pods that kubectl prints are read", () => {
    const image = (letter: string) => ({ imageID: `registry.example/team/${letter}@${digest}` });
    const statuses = { containerStatuses: [image("a"), image("b")], initContainerStatuses: [image("c")] };
    const items = [
      { metadata: { name: "web" }, status: { phase: "Running", ...statuses } },
      { status: { ephemeralContainerStatuses: [image("d")], containerStatuses: [{ imageID: "" }, {}] } },
      { status: { phase: "Pending" } },
      { metadata: { name: "unscheduled" } },
    ];
    const text = `\n${JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2)}`;
    expect(runningReferences(text, registries)).toEqual({
      images: ["a", "b", "c", "d"].map((letter) => `team/${letter}@${digest}`),
      elsewhere: 0,
      unread: 0,
    });
  });

  test.each(["{", '{"items": {}}', '{"kind": "Status", "message": "Unauthorized"}'])("%p is refused", (text) =>
    expect(() => runningReferences(text, registries)).toThrow(UsageError),
  );
});
