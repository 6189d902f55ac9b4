import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { MetricsText } from "../operations/support/metrics-text.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { LayoutFiles } from "../support/layout-files.ts";
import { octetStream, pushBlob, pushImage, putManifest, startUpload, withQuery } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;

/** Runs a command that must succeed, beside the registry; returns what it says. */
async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth([...args, "--local", berth.configFile]);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

interface Shown {
  readonly path: string;
  readonly limits: object;
  readonly uses: { readonly bytes: number; readonly tags: number; readonly repositories: number };
}
const quotasOf = async (node: string) =>
  JSON.parse(await run("namespace", "quota", node, "--json")) as readonly Shown[];

beforeAll(async () => {
  berth = await startBerth({ config: { storage: { delete: { enabled: true } } } });
  http = new HttpClient(berth.url);
});

afterAll(() => berth.stop());

test("a quota is said, shown with what is used of it, and taken back", async () => {
  expect(await run("namespace", "set", "shown", "quota", "bytes=10GiB", "tags=500")).toBe(
    "quota of shown: bytes=10GiB tags=500\n",
  );
  await run("namespace", "set", "shown/app", "quota", "repositories=1");
  await pushImage(http, "shown/app", "v1");
  const table = await run("namespace", "quota", "shown/app");
  expect(table).toMatch(/^shown +4\d bytes of 10\.0 GiB +1 of 500 +1$/m);
  expect(table).toMatch(/^shown\/app +4\d bytes +1 +1 of 1$/m);
  await run("namespace", "unset", "shown/app", "quota");
  await run("namespace", "unset", "shown", "quota");
  expect(await run("namespace", "quota", "shown/app")).toBe("There are none.\n");
});

test("fifty pushes at once never take more than there is room for, and those that are taken are whole", async () => {
  await run("namespace", "set", "full", "quota", "bytes=10000");
  // Of 700 bytes each, 14 have room.
  const layers = Array.from({ length: 50 }, (_, index) => contentOf(`${index}`.padEnd(700, ".")));
  const answers = await Promise.all(
    layers.map(async (layer, index) => {
      const target = withQuery(await startUpload(http, `full/app-${index % 5}`), { digest: layer.digest });
      return http.put(target, { body: layer.bytes, headers: octetStream });
    }),
  );
  const taken = answers.filter(({ status }) => status === 201);
  expect(taken).toHaveLength(14);
  for (const answer of answers.filter((one) => one.status !== 201)) {
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject({
      errors: [
        { code: "DENIED", message: expect.stringContaining("full may hold 9.8 KiB, holds 9.6 KiB, and this would") },
      ],
    });
  }
  expect(await quotasOf("full")).toMatchObject([{ path: "full", uses: { bytes: 14 * 700 } }]);
  for (const [index, { status }] of answers.entries()) {
    const got = await http.get(`/v2/full/app-${index % 5}/blobs/${layers[index]?.digest}`);
    expect([status, got.status]).toEqual(status === 201 ? [201, 200] : [403, 404]);
    if (status === 201) expect(got.text).toBe(new TextDecoder().decode(layers[index]?.bytes));
  }
});

test("a large blob that has no room is refused before it is sent, unless the namespace has it", async () => {
  const [large, known] = [contentOf("x".repeat(2_000_000)), contentOf("y".repeat(2_000_000))];
  await pushBlob(http, "large/app", known);
  await run("namespace", "set", "large", "quota", "bytes=3MB");
  const uploadOf = async ({ digest }: typeof large) => withQuery(await startUpload(http, "large/other"), { digest });
  const target = await uploadOf(large);
  const refused = await http.put(target, { body: large.bytes, headers: octetStream });
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("this would add 1.9 MiB")]);
  // The upload is over.
  expect((await http.get(target)).status).toBe(404);
  const whole = await http.post(`/v2/large/app/blobs/uploads/?digest=${large.digest}`, { body: large.bytes });
  expect(whole.status).toBe(403);
  expect((await http.put(await uploadOf(known), { body: known.bytes, headers: octetStream })).status).toBe(201);
});

test("fifty tags at once stop at the limit", async () => {
  const { manifest: content } = await pushImage(http, "tagged/app");
  await run("namespace", "set", "tagged", "quota", "tags=20");
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      putManifest(http, { repository: "tagged/app", reference: `v${index}`, content }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(30);
  const { tags } = (await http.get("/v2/tagged/app/tags/list")).json() as { readonly tags: readonly string[] };
  expect(tags).toHaveLength(20);
});

test("from nine tenths on a push says how full it is, also where nothing more has room", async () => {
  const config = await pushBlob(http, "warned/app", contentOf("{}"));
  const content = imageManifest({ config, layers: [] });
  await run("namespace", "set", "warned", "quota", "tags=10");
  const warnings: (string | null)[] = [];
  for (let number = 1; number <= 10; number++) {
    const pushed = await putManifest(http, { repository: "warned/app", reference: `v${number}`, content });
    warnings.push(pushed.headers.get("warning"));
  }
  expect(warnings.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => null));
  expect(warnings.slice(8)).toEqual([
    '299 - "warned holds 9 tags of the 10 tags that it may (90 %)"',
    '299 - "warned holds 10 tags of the 10 tags that it may (100 %)"',
  ]);
  await run("namespace", "set", "warned", "quota", "tags=5");
  const again = await putManifest(http, { repository: "warned/app", reference: "v1", content });
  expect([again.status, again.headers.get("warning")]).toEqual([
    201,
    '299 - "warned holds 10 tags of the 5 tags that it may (200 %)"',
  ]);
  expect((await putManifest(http, { repository: "warned/app", reference: "v11", content })).status).toBe(403);
});

test("a limit that is nearly reached, and pushes that it refuses, are in the audit trail, the log and the metrics", async () => {
  const addr = `127.0.0.1:${takeFreePort()}`;
  const config = { audit: { enabled: true }, http: { debug: { addr, prometheus: { enabled: true } } } };
  const watched = await startBerth({ config });
  try {
    const there = new HttpClient(watched.url);
    const local = ["--local", watched.configFile];
    await runBerth(["namespace", "set", "team", "quota", "bytes=100", ...local]);
    await pushBlob(there, "team/app", contentOf("x".repeat(95)));
    const whole = contentOf("y".repeat(10));
    const refused = await there.post(`/v2/team/app/blobs/uploads/?digest=${whole.digest}`, { body: whole.bytes });
    expect(refused.status).toBe(403);
    const metrics = async () => new MetricsText((await new HttpClient(`http://${addr}`).get("/metrics")).text);
    expect((await metrics()).find("berth_quota_refusals_total", { quantity: "bytes" })).toBe(1);
    await until("the watch has looked", async () => (await metrics()).find("berth_quota_warnings_total") === 1);
    const listed = async (act: string) =>
      (await runBerth(["audit", "list", "--act", act, "--json", ...local])).stdout.trim().split("\n");
    await until("what was refused is told", async () => (await listed("quota.refused"))[0] !== "");
    const [warned, told] = [await listed("quota.warn"), await listed("quota.refused")];
    expect([...warned, ...told].map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { target: "team", detail: { quantity: "bytes", limit: 100, holds: 95 } },
      {
        target: "team",
        detail: { quantity: "bytes", limit: 100, holds: 95, adds: 10, repository: "team/app", times: 1 },
      },
    ]);
    expect(watched.logs()).toContain("team holds 95 bytes of the 100 bytes that it may (95 %)");
  } finally {
    await watched.stop();
  }
});

test("what commands are refused is in the audit trail as well", async () => {
  const watched = await startBerth({ config: { audit: { enabled: true }, storage: { delete: { enabled: true } } } });
  try {
    const there = new HttpClient(watched.url);
    const local = ["--local", watched.configFile];
    await pushImage(there, "out/app", "v1");
    for (const name of ["moved", "imported"]) await runBerth(["namespace", "set", name, "quota", "bytes=2", ...local]);
    const moved = await runBerth(["repository", "rename", "out/app", "moved/app", "--yes", ...local]);
    expect([moved.exitCode, moved.stderr]).toEqual([
      77,
      expect.stringContaining("moved may hold 2 bytes, holds 0 bytes"),
    ]);
    const layout = new LayoutFiles();
    layout.addRoot(layout.addImage("refused").manifest, "v1");
    const imported = await runBerth(["import", "oci", layout.root, watched.configFile, "--to", "imported/app"]);
    expect(imported.output).toContain("imported may hold 2 bytes, holds 0 bytes");
    const { stdout } = await runBerth(["audit", "list", "--act", "quota.refused", "--json", ...local]);
    const lines = stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { target: "imported", detail: { quantity: "bytes", limit: 2, repository: "imported/app", times: 1 } },
      { target: "moved", detail: { quantity: "bytes", limit: 2, repository: "moved/app", times: 1 } },
    ]);
  } finally {
    await watched.stop();
  }
});

test("a large blob that is pushed by an old name needs room where the repository is now, and nowhere else", async () => {
  const sent = async ({ bytes: body, digest }: ReturnType<typeof contentOf>) =>
    http.put(withQuery(await startUpload(http, "before/app"), { digest }), { body, headers: octetStream });
  const [one, two] = [contentOf("1".repeat(2_000_000)), contentOf("2".repeat(2_000_000))];
  await pushImage(http, "before/app", "v1");
  await run("repository", "rename", "before/app", "after/app", "--yes");
  await run("namespace", "set", "before", "quota", "bytes=1MB");
  expect((await sent(one)).status).toBe(201);
  await run("namespace", "set", "after", "quota", "bytes=3MB");
  const refused = await sent(two);
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("after may hold")]);
});

test("what is known of a node is counted again by scrub --repair-index", async () => {
  const { stdout, exitCode } = await runBerth(["scrub", "--repair-index", berth.configFile]);
  expect({ exitCode, isCorrected: stdout.includes("Counted again") }).toEqual({ exitCode: 0, isCorrected: false });
});
