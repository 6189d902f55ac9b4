import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { enqueueJob } from "../../src/jobs/index.ts";
import { putNodeSetting } from "../../src/metadata/index.ts";
import { DELETION_JOB } from "../../src/upkeep/index.ts";
import { argv } from "../support/argv.ts";
import { type Answer, errorCodes } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import { requireProgram } from "../support/require-program.ts";
import { runProgram } from "../support/run-program.ts";
import { until } from "../support/until.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);
const skopeo = requireProgram("skopeo");

const guarded = guardedWith(
  async (berth) => {
    for (const name of ["anna", "ben", "carl"]) await berth.user(name, "maintainer", "team");
    await berth.user("root", "owner");
    await berth.user("writer", "writer", "team");
    const subject = await berth.user("tagger");
    await berth.grant({ subject, paths: "team/tagged", tags: "e*", actions: ["pull", "tag:delete"] });
    const value = { required: true, within: "1d" };
    const approval = { path: "team", name: "delete-approval", value, nowMs: 1 };
    await berth.change(() => berth.metadata.transaction((queries) => putNodeSetting(queries, approval)));
  },
  { storage: { delete: { enabled: true } } },
);

/** Asks for a delete. @returns the number of the request that it has become */
async function requested(who: string, path: string): Promise<number> {
  const answer = await guarded().as(who).delete(path);
  expect([answer.status, errorCodes(answer)]).toEqual([403, ["DENIED"]]);
  return (answer.json() as { errors: [{ detail: { request: number } }] }).errors[0].detail.request;
}

const decide = (who: string, id: number, how: "approve" | "refuse"): Promise<Answer> =>
  guarded().as(who).post(`/api/v1/approvals/${id}/${how}`);
const statusOf = async (path: string) => (await guarded().as("anna").get(path)).status;

describe("a delete that a second person has to approve", () => {
  test("is done when another one does, with both on record", async () => {
    const { manifest } = await pushImage(guarded().as("anna"), "team/app", "v1");
    for (const reference of ["v1", manifest.digest]) {
      const path = `/v2/team/app/manifests/${reference}`;
      const id = await requested("anna", path);
      expect(await requested("anna", path)).toBe(id);
      expect(await statusOf(path)).toBe(200);
      expect((await decide("anna", id, "approve")).status).toBe(403);
      expect((await decide("writer", id, "approve")).status).toBe(404);
      expect((await decide("ben", id, "approve")).status).toBe(200);
      expect(await statusOf(path)).toBe(404);
      expect((await decide("ben", id, "approve")).status).toBe(409);
    }
    const [act] = await guarded().acts("approval.approve");
    expect([act?.actor, JSON.parse(act?.detail ?? "")]).toEqual([
      "ben",
      { request: expect.any(Number), subject: "v1", requestedBy: "anna" },
    ]);
  });

  test("is not one that a robot asks for, as who makes it would decide alone", async () => {
    const { manifest } = await pushImage(guarded().as("anna"), "team/robots", "v1");
    const headers = { "content-type": "application/json" };
    const anna = guarded().as("anna");
    const say = (method: "put" | "post", path: string, body: object) =>
      anna[method](`/api/v1${path}`, { body: JSON.stringify(body), headers });
    await say("post", "/namespaces/team/robots", { name: "ci" });
    await say("put", "/namespaces/team/members/robot:team+ci", { role: "maintainer" });
    const { secret } = (await say("post", "/robots/team+ci/secrets", { name: "mine" })).json() as { secret: string };
    const robot = guarded().as("team+ci", secret);
    const body = JSON.stringify({ repositories: "team/robots" });
    for (const answer of [
      await robot.delete("/v2/team/robots/manifests/v1"),
      await robot.delete(`/v2/team/robots/manifests/${manifest.digest}`),
      await robot.post("/api/v1/deletions", { body, headers }),
    ])
      expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("two persons are needed")]);
    expect((await guarded().as("anna").get("/api/v1/approvals")).json()).toEqual({ items: [] });
  });

  test("is not done when it is refused, and may be asked for again", async () => {
    await pushImage(guarded().as("anna"), "team/kept", "v1");
    const path = "/v2/team/kept/manifests/v1";
    const id = await requested("anna", path);
    expect((await decide("anna", id, "refuse")).status).toBe(200);
    expect((await decide("ben", id, "approve")).status).toBe(409);
    expect(await statusOf(path)).toBe(200);
    expect(await requested("anna", path)).toBeGreaterThan(id);
  });

  test("of a repository becomes a job then", async () => {
    await pushImage(guarded().as("anna"), "team/many", "v1");
    const body = JSON.stringify({ repositories: "team/many" });
    const headers = { "content-type": "application/json" };
    const asked = await guarded().as("anna").post("/api/v1/deletions", { body, headers });
    expect(asked.status).toBe(202);
    const { id } = asked.json() as { id: number };
    expect(await statusOf("/v2/team/many/manifests/v1")).toBe(200);
    // Nobody has asked for that.
    await pushImage(guarded().as("anna"), "team/many", "v2");
    expect((await decide("ben", id, "approve")).status).toBe(200);
    await until("it is done", async () => {
      const jobs = await guarded()
        .metadata.reads.selectFrom("jobs")
        .select("state")
        .where("kind", "=", "deletion")
        .execute();
      return jobs.length > 0 && jobs.every(({ state }) => state === "succeeded");
    });
    expect(await statusOf("/v2/team/many/manifests/v1")).toBe(404);
    expect(await statusOf("/v2/team/many/manifests/v2")).toBe(200);
  });

  test("of a repository is not to be decided by who may delete one tag of it, whatever that is called", async () => {
    await pushImage(guarded().as("anna"), "team/tagged", "everything");
    const body = JSON.stringify({ repositories: "team/tagged" });
    const headers = { "content-type": "application/json" };
    const whole = (await guarded().as("anna").post("/api/v1/deletions", { body, headers })).json() as { id: number };
    expect((await decide("tagger", whole.id, "approve")).status).toBe(404);
    const tag = await requested("anna", "/v2/team/tagged/manifests/everything");
    expect(tag).not.toBe(whole.id);
    expect((await decide("tagger", tag, "approve")).status).toBe(200);
  });

  test("is of the repository that it was asked for, whatever has its name when it is approved", async () => {
    const anna = guarded().as("anna");
    const headers = { "content-type": "application/json" };
    const post = (path: string, body: object) => anna.post(`/api/v1${path}`, { body: JSON.stringify(body), headers });
    const move = async (from: string, to: string) =>
      expect((await post("/moves", { from, to, redirectDays: 0 })).status).toBe(200);
    await pushImage(anna, "team/junk", "v1");
    await pushImage(anna, "team/dear", "v1");
    const tag = await requested("anna", "/v2/team/junk/manifests/v1");
    const all = (await post("/deletions", { repositories: "team/junk" })).json() as { id: number };
    await move("team/junk", "team/junk-2");
    await move("team/dear", "team/junk");
    const requests = (await anna.get("/api/v1/approvals")).json() as { items: { id: number; path: string }[] };
    expect(requests.items.filter(({ id }) => id === tag || id === all.id).map(({ path }) => path)).toEqual([
      "team/junk-2",
      "team/junk-2",
    ]);
    for (const id of [tag, all.id]) expect((await decide("ben", id, "approve")).status).toBe(200);
    await until("the job has ended", async () => {
      const jobs = (await guarded().metadata.reads.selectFrom("jobs").select("state").execute()).map(
        (job) => job.state,
      );
      return jobs.every((state) => state !== "waiting" && state !== "running");
    });
    expect(await statusOf("/v2/team/junk-2/manifests/v1")).toBe(404);
    expect(await statusOf("/v2/team/junk/manifests/v1")).toBe(200);
  });

  test("of tags says whether it is for one repository or for all below", async () => {
    const headers = { "content-type": "application/json" };
    await pushImage(guarded().as("anna"), "team/many-tags", "v1");
    await pushImage(guarded().as("anna"), "team/many-tags/below", "v1");
    const ids = new Set<number>();
    for (const repositories of ["team/many-tags", "team/many-tags/**"]) {
      const body = JSON.stringify({ repositories, tags: "v*" });
      const asked = (await guarded().as("anna").post("/api/v1/deletions", { body, headers })).json();
      const { id, subject } = asked as { id: number; subject: string };
      ids.add(id);
      expect(subject).toBe(repositories.endsWith("**") ? "** tags v*" : "tags v*");
    }
    expect(ids.size).toBe(2);
  });

  test("is of what was asked for, and not of what has its name by now", async () => {
    const anna = guarded().as("anna");
    await pushImage(anna, "team/moving", "v1");
    const path = "/v2/team/moving/manifests/v1";
    const id = await requested("anna", path);
    await pushImage(anna, "team/moving", "v1");
    const approved = await decide("ben", id, "approve");
    expect([approved.status, approved.text]).toEqual([409, expect.stringContaining("ask for the delete again")]);
    expect(await statusOf(path)).toBe(200);
    const again = await requested("anna", path);
    expect(again).toBeGreaterThan(id);

    // A tag that the manifest got meanwhile would go with it.
    const tagged = await pushImage(anna, "team/moving", "v2");
    const whole = `/v2/team/moving/manifests/${tagged.manifest.digest}`;
    const first = await requested("anna", whole);
    expect(await requested("anna", whole)).toBe(first);
    const type = "application/vnd.oci.image.manifest.v1+json";
    const push = { body: tagged.manifest.bytes, headers: { "content-type": type } };
    expect((await anna.put("/v2/team/moving/manifests/release", push)).status).toBe(201);
    expect((await decide("ben", first, "approve")).status).toBe(409);
    expect((await decide("ben", await requested("anna", whole), "approve")).status).toBe(200);
  });

  test("of a repository is done also while one that nobody has approved waits", async () => {
    const anna = guarded().as("anna");
    await pushImage(anna, "team/waits", "v1");
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ repositories: "team/waits" });
    const { id } = (await anna.post("/api/v1/deletions", { body, headers })).json() as { id: number };
    const { id: accountId } = await guarded().account("anna");
    // As it was asked for before the rule was said, and begins late.
    const requester = { accountId, subjects: [], actor: "anna" };
    const input = { path: "team/waits", withBelow: false, requester };
    const dueAtMs = Date.now() + 3_600_000;
    await guarded().change(() =>
      guarded().metadata.transaction(async (queries) => {
        const wish = { input, requestedBy: "anna", nowMs: Date.now() };
        const job = await enqueueJob(queries, DELETION_JOB, wish);
        await queries.updateTable("jobs").set({ due_at_ms: dueAtMs }).where("id", "=", job.id).execute();
      }),
    );
    expect((await decide("ben", id, "approve")).status).toBe(200);
    await until("it is deleted", async () => (await statusOf("/v2/team/waits/manifests/v1")) === 404);
  });

  test("is not asked for by one person more than a thousand times", async () => {
    await pushImage(guarded().as("carl"), "team/flood", "v1");
    const times = { requested_at_ms: 1, expires_at_ms: Date.now() + 3_600_000 };
    const asked = {
      path: "team/flood",
      target: "nothing",
      work: "{}",
      requested_by: "carl",
      state: "open",
      ...times,
    } as const;
    const rows = Array.from({ length: 1000 }, (_, index) => ({ ...asked, subject: `tags ${index}` }));
    await guarded().change(() =>
      guarded().metadata.transaction((queries) => queries.insertInto("delete_requests").values(rows).execute()),
    );
    const path = "/v2/team/flood/manifests/v1";
    expect((await guarded().as("carl").delete(path)).text).toContain("1000 deletes of yours wait");
    await requested("anna", path);
  });

  test("of a blob is refused", async () => {
    const { layer } = await pushImage(guarded().as("anna"), "team/blob", "v1");
    const answer = await guarded().as("anna").delete(`/v2/team/blob/blobs/${layer.digest}`);
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("a second person has to approve")]);
  });

  test("stays one while somebody below says otherwise, which is not for them to say", async () => {
    const value = { required: false };
    const headers = { "content-type": "application/json" };
    const said = await guarded()
      .as("anna")
      .put("/api/v1/namespaces/team/settings/delete-approval", { body: JSON.stringify({ value }), headers });
    expect(said.status).toBe(403);
    await guarded().metadata.transaction((queries) =>
      putNodeSetting(queries, { path: "team/below", name: "delete-approval", value, nowMs: 1 }),
    );
    await pushImage(guarded().as("anna"), "team/below", "v1");
    await requested("anna", "/v2/team/below/manifests/v1");
  });
});

skopeo.describe("skopeo", () => {
  test("tells which request it has become", async () => {
    await pushImage(guarded().as("anna"), "team/seen", "v1");
    const host = new URL(guarded().berth.url).host;
    const { exitCode, output } = await runProgram(
      argv`${skopeo.path} delete --tls-verify=false --creds anna:${PASSWORD} docker://${host}/team/seen:v1`,
    );
    expect([exitCode, output]).toEqual([
      1,
      expect.stringMatching(/waits for a second person .* another person approves by berth approval approve \d+/),
    ]);
  });
});
