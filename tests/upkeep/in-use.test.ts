import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;

beforeAll(async () => {
  const maintenance = { bin: { keep: "0s" }, gc: { enabled: false, untagged: "remove", window: "0s" } };
  berth = await startBerth({ config: { storage: { delete: { enabled: true }, maintenance } } });
  http = new HttpClient(berth.url);
});

afterAll(() => berth.stop());

/** Runs a command that must succeed, beside the registry; returns what it says. */
async function run(args: readonly string[], input = ""): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth(args, { input });
  expect({ args, exitCode }).toEqual({ args, exitCode: 0 });
  if (args[0] !== "gc") expect(stderr).toBe("");
  return stdout;
}
const inUse = (args: readonly string[], input?: string) => run(["in-use", ...args, "--local", berth.configFile], input);
const report = (...lines: readonly string[]) =>
  inUse(["report", "eu-1", "--registry", "registry.example", "--registry", "10.0.0.1:5000"], lines.join("\n"));

test("what a cluster runs stays until it says it no more: beside deletes and clean-up", async () => {
  const { manifest: tagged } = await pushImage(http, "team/app", "v1");
  const { manifest: untagged } = await pushImage(http, "team/app");
  expect(
    await report(
      `registry.example/team/app@${tagged.digest}`,
      `docker-pullable://10.0.0.1:5000/team/app@${untagged.digest}`,
      `registry.example/not/there@${tagged.digest}`,
      `docker.io/library/nginx@${tagged.digest}`,
      "registry.example/team/app:v1",
    ),
  ).toBe(
    "eu-1 runs 3 images of this registry; 1 of them not here; 1 image of other registries left out; " +
      "1 line without a digest left out.\n",
  );
  expect(await inUse(["list"])).toMatch(/^eu-1 +3 +1 +\d{4}-/m);
  expect(await inUse(["show", "eu-1"])).toMatch(new RegExp(`^not/there +${tagged.digest} +\\d{4}-\\S+ +no$`, "m"));

  for (const reference of ["v1", tagged.digest, untagged.digest]) {
    const refused = await http.delete(`/v2/team/app/manifests/${reference}`);
    expect([refused.status, refused.json()]).toEqual([
      403,
      {
        errors: [
          {
            code: "DENIED",
            message: expect.stringContaining("running in eu-1 since 20"),
            detail: expect.objectContaining({ cluster: "eu-1" }),
          },
        ],
      },
    ]);
  }

  expect(await run(["gc", berth.configFile])).toContain("Removed 0 manifests");
  const explained = await run(["gc", "explain", untagged.digest, berth.configFile]);
  expect(explained).toMatch(/^manifest in team\/app: kept: running in eu-1 since 20/m);
  expect(explained.match(/running in/g)).toHaveLength(1);
  const alsoTagged = await run(["gc", "explain", tagged.digest, berth.configFile]);
  expect(alsoTagged).toMatch(/^manifest in team\/app: kept by its tag v1/m);
  expect(alsoTagged).toMatch(/^manifest in team\/app: running in eu-1 since 20/m);

  expect(await report(`registry.example/team/app@${tagged.digest}`)).toBe("eu-1 runs 1 image of this registry.\n");
  expect(await run(["gc", berth.configFile])).toContain("Removed 1 manifest ");
  expect((await http.get(`/v2/team/app/manifests/${untagged.digest}`)).status).toBe(404);

  expect(await inUse(["forget", "eu-1", "--yes"])).toBe("eu-1 holds nothing any more.\n");
  expect((await http.delete("/v2/team/app/manifests/v1")).status).toBe(202);
});

test("a report that may be no report is refused, and one without a name for this registry", async () => {
  const refused = (args: readonly string[], input: string) =>
    runBerth(["in-use", "report", "eu-2", ...args, "--local", berth.configFile], { input });
  expect(await refused(["--registry", "registry.example"], "error: no such resource\n")).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining("none of 1 line is an image with a digest"),
  });
  expect(await refused([], "")).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining("Say --registry registry.example"),
  });
  expect(await refused(["--registry", "registry.example"], "")).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining("no image was read: say --empty"),
  });
  const elsewhere = `registry.internal/team/app@sha256:${"0".repeat(64)}\n`;
  expect(await refused(["--registry", "registry.example"], elsewhere)).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining("none of 1 image begins with registry.example: say --registry as the cluster"),
  });
  expect(await inUse(["list"])).toBe("There are none.\n");
  expect(await inUse(["report", "eu-2", "--registry", "registry.example", "--empty"], elsewhere)).toBe(
    "eu-2 runs 0 images of this registry; 1 image of other registries left out.\n",
  );
  expect(await inUse(["report", "eu-2", "--registry", "registry.example", "--empty"])).toBe(
    "eu-2 runs 0 images of this registry.\n",
  );
});
