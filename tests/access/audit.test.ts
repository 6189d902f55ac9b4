import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { createUser } from "../support/change-accounts.ts";
import { verifyChain } from "../../src/metadata/index.ts";
import type { Answer } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { type PushedImage, pushBlob, pushImage, putManifest, startUpload } from "../support/push-content.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const CLIENT = "203.0.113.7";
const FROM = { "x-forwarded-for": CLIENT };

let image: PushedImage;
const guarded = guardedWith(
  async (berth) => {
    await berth.user("alice", "owner", "team");
    await berth.user("reader", "reader", "team");
    await berth.user("mallory");
    const subject = await berth.user("creator");
    await berth.grant({ subject, paths: "team/*", actions: ["pull", "tag:create"] });
    image = await pushImage(berth.as("alice"), "team/app", "v1");
  },
  { http: { trustedproxies: ["127.0.0.1"] } },
);

let before = 0;
beforeEach(async () => void (before = (await guarded().acts()).at(-1)?.sequence ?? 0));

const as = (name: string, password = PASSWORD) => guarded().as(name, password, FROM);

/** What was added by the test, but for sign-ins where they are not what it is about. */
async function added(wanted: (act: string) => boolean = (act) => act !== "sign-in") {
  const acts = await guarded().acts();
  return acts.filter(({ sequence, act }) => sequence > before && wanted(act));
}

function row(answer: Answer, actor: string | null, more: object): object {
  const requestId = answer.headers.get("x-request-id");
  return expect.objectContaining({ actor, address: CLIENT, requestId, ...more }) as object;
}

describe("there is a row with who, from where and by which request", () => {
  test("of each sign-in that failed, and of a good one", async () => {
    await guarded().user("ben");
    before = (await guarded().acts()).at(-1)?.sequence ?? 0;
    const good = await as("ben").get("/v2/");
    const bad = await as("ben", "Wrong-Password-1").get("/v2/");
    const unknown = await as("nobody-here", "Wrong-Password-1").get("/token?service=berth");
    expect(await added((act) => act === "sign-in")).toEqual([
      row(good, "ben", { outcome: "success", target: "ben" }),
      row(bad, null, { outcome: "failure", target: "ben" }),
      row(unknown, null, { outcome: "failure", target: "nobody-here" }),
    ] as never[]);
  });

  test("of a token that somebody is given, and of none that nobody is", async () => {
    const answer = await as("alice").get("/token?service=berth&scope=repository:team/app:pull,push,delete");
    await guarded().anonymous(FROM).get("/token?service=berth&scope=repository:team/app:pull");
    const detail = JSON.stringify({ scopes: ["repository:team/app:pull,push,delete"] });
    expect(await added()).toEqual([
      row(answer, "alice", { act: "token.issue", outcome: "success", detail }),
    ] as never[]);
  });

  test("of pushes and deletes", async () => {
    const config = await pushBlob(as("alice"), "team/app", contentOf("{}"));
    const content = imageManifest({ config, layers: [], more: { annotations: { test: "audit" } } });
    const pushed = await putManifest(as("alice"), { repository: "team/app", reference: "v2", content });
    const deleted = await as("alice").delete(`/v2/team/app/manifests/${content.digest}`);
    const success = { outcome: "success", target: "team/app" };
    expect(await added()).toEqual([
      row(pushed, "alice", { act: "manifest.push", ...success }),
      row(pushed, "alice", { act: "tag.create", ...success }),
      row(deleted, "alice", { act: "manifest.delete", ...success }),
      row(deleted, "alice", { act: "bin.put", ...success }),
    ] as never[]);
  });

  test("of what is changed of accounts", async () => {
    const by = { actor: "alice", address: CLIENT, requestId: "r-1" };
    await guarded().change((accounts) => createUser(accounts, { name: "new", password: PASSWORD }, by));
    expect(await added()).toEqual([expect.objectContaining({ act: "user.create", target: "new", ...by })] as never[]);
  });
});

describe("of what somebody is refused there is a row too", () => {
  test("be it a push or a delete, by whatever way", async () => {
    const upload = new URL(await startUpload(guarded().as("alice"), "team/app")).pathname;
    const { manifest, layer } = image;
    const bearer = guarded().anonymous({
      ...FROM,
      authorization: `Bearer ${await guarded().forge("reader")}`,
    });
    for (const client of [as("reader"), bearer]) {
      before = (await guarded().acts()).at(-1)?.sequence ?? 0;
      const tries = [
        ["POST", "/v2/team/app/blobs/uploads/", "blob.push", null],
        ["PATCH", upload, "blob.push", null],
        ["PUT", `${upload}?digest=${layer.digest}`, "blob.push", null],
        ["DELETE", upload, "blob.push", null],
        ["PUT", "/v2/team/app/manifests/v1", "manifest.push", { tag: "v1" }],
        ["PUT", `/v2/team/app/manifests/${manifest.digest}`, "manifest.push", { digest: manifest.digest }],
        ["DELETE", "/v2/team/app/manifests/v1", "tag.delete", { tag: "v1" }],
        ["DELETE", `/v2/team/app/manifests/${manifest.digest}`, "manifest.delete", { digest: manifest.digest }],
        ["DELETE", `/v2/team/app/blobs/${layer.digest}`, "blob.delete", { digest: layer.digest }],
      ] as const;
      const expected: object[] = [];
      for (const [method, path, act, detail] of tries) {
        const answer = await client.ask(method, path);
        expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 403`);
        const text = detail && JSON.stringify(detail);
        expected.push(row(answer, "reader", { act, outcome: "failure", target: "team/app", detail: text }));
      }
      expect(await added()).toEqual(expected as never[]);
    }
  });

  test("where it only shows on the way that it may not be done", async () => {
    const content = imageManifest({ config: contentOf("{}"), layers: [], more: { annotations: { test: "moved" } } });
    const answer = await putManifest(as("creator"), { repository: "team/app", reference: "v1", content });
    expect(answer.status).toBe(403);
    const refused = { act: "manifest.push", outcome: "failure", target: "team/app" };
    expect(await added()).toEqual([row(answer, "creator", refused)] as never[]);
  });

  test("and of what is hidden, or not there, in the same words", async () => {
    for (const name of ["team/app", "team/gone"]) await as("mallory").put(`/v2/${name}/manifests/v1`, { body: "{}" });
    const rows = await added();
    expect(rows.map(({ act, outcome, target }) => [act, outcome, target])).toEqual([
      ["manifest.push", "failure", "team/app"],
      ["manifest.push", "failure", "team/gone"],
    ]);
  });

  test("not of who is to sign in, to come with another token, or only reads", async () => {
    const narrow = await guarded().token(["repository:team/app:pull"], { name: "alice" });
    before = (await guarded().acts()).at(-1)?.sequence ?? 0;
    expect((await guarded().bearer(narrow).post("/v2/team/app/blobs/uploads/")).status).toBe(401);
    expect((await guarded().anonymous().put("/v2/team/app/manifests/v1", { body: "{}" })).status).toBe(401);
    expect((await as("mallory").get("/v2/team/app/manifests/v1")).status).toBe(404);
    expect(await added()).toEqual([]);
  });
});

test("the chain of all this holds", async () => {
  const report = await verifyChain(guarded().metadata.reads);
  expect(report.broken).toBeUndefined();
  expect(report.rows).toBe((await guarded().acts()).length);
});
