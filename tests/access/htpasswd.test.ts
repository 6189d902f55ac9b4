import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { listGrants, removeGrant } from "../../src/metadata/index.ts";
import { type ClientSession, imageClients, TAG } from "../clients/support/image-clients.ts";
import { type AccessRows, openAccessRows } from "../support/access-rows.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo, type Login } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import type { Finished } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const alice: Login = { user: "alice", password: "wonderland" };
const bob: Login = { user: "bob", password: "the builder" };
const dataDirectory = makeTemporaryFolder("htpasswd-roles");
const image = makeImage({ seed: "htpasswd roles", layerBytes: [1000] });

let registry: RunningRegistry;
let rows: AccessRows;

const start = () => startBerth({ dataDirectory, htpasswd: { [alice.user]: alice.password, [bob.user]: bob.password } });
const as = ({ user, password }: Login) =>
  new HttpClient(registry.url, { authorization: `Basic ${btoa(`${user}:${password}`)}` });

function expectDone({ exitCode, output }: Finished): void {
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
}

function expectRefused({ exitCode, output }: Finished, words: RegExp): void {
  expect(output).toMatch(words);
  expect(exitCode).not.toBe(0);
}

beforeAll(async () => {
  registry = await start();
  rows = await openAccessRows(registry);
});
afterAll(async () => {
  await rows.close();
  await registry.stop();
});

const skopeo = imageClients.find(({ name }) => name === "skopeo");

skopeo?.describe("users of a password file alone", () => {
  let session: ClientSession;
  let sample: Image;
  beforeAll(async () => {
    sample = await image;
    session = await skopeo.start({ host: registry.host, source: "", image: sample, chart: "" });
  });

  test("push, pull and delete everything, as with registry:2", async () => {
    for (const login of [alice, bob]) {
      expectDone(await session.logIn(login));
      expectDone(await session.push(`team/${login.user}/image`));
      expectDone(await session.pull("team/alice/image"));
    }
    const client = await connectTo(registry, bob);
    await client.pushImage("team/gone", TAG, sample);
    expect((await as(alice).delete(`/v2/team/gone/manifests/${sample.top.digest}`)).status).toBe(202);
    const challenged = await new HttpClient(registry.url).get("/v2/");
    expect([challenged.status, challenged.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="Test realm"']);
  });

  test("may no more than what roles give, once the rules for all of them are taken away, and stay so", async () => {
    await rows.role("", "source:htpasswd", undefined);
    const grants = await listGrants(rows.metadata.reads);
    expect(grants.map(({ subject, actions }) => ({ subject, actions }))).toEqual([
      { subject: "source:htpasswd", actions: ["delete"] },
    ]);
    for (const { id } of grants) await rows.metadata.transaction((queries) => removeGrant(queries, id));
    await rows.role("team", "user:alice", "reader");
    const uploadStatus = async () => (await as(alice).post("/v2/team/alice/blobs/uploads/")).status;
    await until("the rules are gone", async () => (await uploadStatus()) === 403);

    expectDone(await session.logIn(alice));
    expectDone(await session.pull("team/bob/image"));
    expectRefused(await session.push("team/again/image"), /denied/);
    expect((await as(alice).delete(`/v2/team/bob/image/manifests/${sample.top.digest}`)).status).toBe(403);
    expectDone(await session.logIn(bob));
    expectRefused(await session.pull("team/bob/image"), /name unknown/);
    expect((await as(bob).get("/v2/_catalog")).json()).toEqual({ repositories: [] });

    await registry.stop();
    registry = await start();
    expect(await uploadStatus()).toBe(403);
    expect((await as(alice).get("/v2/team/bob/image/tags/list")).status).toBe(200);
    expect((await as(bob).get("/v2/team/bob/image/tags/list")).status).toBe(404);
  });
});
