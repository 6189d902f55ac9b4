import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { createRobot, disableUser } from "../support/change-accounts.ts";
import { findSignInFailures } from "../../src/metadata/index.ts";
import { type Answer, type HttpClient } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { contentOf } from "../support/oci-content.ts";
import { type PushedImage, pushImage, startUpload } from "../support/push-content.ts";
import { type Guarded, guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

let image: PushedImage;
let upload: string;
const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner", "team");
  await berth.user("stranger", "owner", "own");
  image = await pushImage(berth.as("alice"), "team/here", "v1");
  await pushImage(berth.as("alice"), "team/here", undefined, {
    subject: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image.manifest.digest, size: 1 },
  });
  upload = new URL(await startUpload(berth.as("alice"), "team/here")).pathname.split("/").at(-1) ?? "";
  await pushImage(berth.as("stranger"), "own/app", "v1");
});

/** All that an answer says, but for what is of this one request, with the name of the repository left out. */
function saidBy(answer: Answer, name: string): object {
  const headers = Object.fromEntries(answer.headers);
  for (const own of ["date", "x-request-id", "content-length", "docker-upload-uuid"]) delete headers[own];
  const plain = (text: string) => text.replaceAll(name, "{name}").replaceAll(encodeURIComponent(name), "{name}");
  return {
    status: answer.status,
    headers: JSON.parse(plain(JSON.stringify(headers))) as object,
    text: plain(answer.text),
  };
}

const ASKERS: readonly (readonly [string, (berth: Guarded) => HttpClient | Promise<HttpClient>])[] = [
  ["nobody", (berth) => berth.anonymous()],
  ["nobody with a token", async (berth) => berth.bearer(await berth.token(["repository:team/here:pull"]))],
  ["a stranger", (berth) => berth.as("stranger")],
  [
    "a stranger with a token for their own",
    async (berth) => berth.bearer(await berth.token(["repository:own/app:pull"], { name: "stranger" })),
  ],
  [
    "a stranger with a token that was asked for it",
    async (berth) => berth.bearer(await berth.token(["repository:team/here:pull"], { name: "stranger" })),
  ],
  ["a stranger with a token that names it", async (berth) => berth.bearer(await berth.forge("stranger", ALL))],
];

/** More than the registry gives: what if it did. */
const ALL = {
  access: ["here", "gone"].map((name) => ({
    type: "repository",
    name: `team/${name}`,
    actions: ["pull", "push", "delete"],
  })),
};

const MISSING = contentOf("nobody pushes this").digest;

/** `{name}` stands for the repository. */
function requests(): readonly (readonly [string, string, Readonly<Record<string, string>>?])[] {
  const { manifest, layer } = image;
  const paths: readonly (readonly [string, Readonly<Record<string, string>>?])[] = [
    ["/v2/{name}/tags/list"],
    ["/v2/{name}/tags/list?n=1"],
    ["/v2/{name}/tags/list?n=0"],
    ["/v2/{name}/tags/list?n=1&last=a"],
    ["/v2/{name}/tags/list?n=bad"],
    ["/v2/{name}/manifests/v1"],
    ["/v2/{name}/manifests/v1", { "if-none-match": `"${manifest.digest}"` }],
    ["/v2/{name}/manifests/v2"],
    [`/v2/{name}/manifests/${manifest.digest}`],
    [`/v2/{name}/manifests/${MISSING}`],
    ["/v2/{name}/manifests/-bad-"],
    [`/v2/{name}/blobs/${layer.digest}`],
    [`/v2/{name}/blobs/${layer.digest}`, { range: "bytes=0-1" }],
    [`/v2/{name}/blobs/${layer.digest}`, { range: "bytes=99999-" }],
    [`/v2/{name}/blobs/${layer.digest}`, { "if-none-match": `"${layer.digest}"` }],
    [`/v2/{name}/blobs/${MISSING}`],
    ["/v2/{name}/blobs/sha256:bad"],
    [`/v2/{name}/referrers/${manifest.digest}`],
    [`/v2/{name}/referrers/${manifest.digest}?artifactType=x`],
    [`/v2/{name}/blobs/uploads/${upload}`],
    ["/v2/{name}/blobs/uploads/no-such-upload"],
    ["/v2/{name}/nonsense"],
  ];
  const reads = paths.flatMap(([path, headers]) =>
    ["GET", "HEAD"].map((method) => [method, path, headers ?? {}] as const),
  );
  const changes = [
    ["POST", "/v2/{name}/blobs/uploads/"],
    ["POST", `/v2/{name}/blobs/uploads/?mount=${layer.digest}&from=own/app`],
    ["POST", `/v2/{name}/blobs/uploads/?digest=${layer.digest}`],
    ["PATCH", `/v2/{name}/blobs/uploads/${upload}`],
    ["PUT", `/v2/{name}/blobs/uploads/${upload}?digest=${layer.digest}`],
    ["DELETE", `/v2/{name}/blobs/uploads/${upload}`],
    ["PUT", "/v2/{name}/manifests/v1"],
    ["PUT", `/v2/{name}/manifests/${manifest.digest}`],
    ["DELETE", "/v2/{name}/manifests/v1"],
    ["DELETE", `/v2/{name}/manifests/${manifest.digest}`],
    ["DELETE", `/v2/{name}/blobs/${layer.digest}`],
    ["POST", "/v2/{name}/manifests/v1"],
    ["PUT", "/v2/{name}/tags/list"],
    ["OPTIONS", "/v2/{name}/tags/list"],
  ] as const;
  return [...reads, ...changes];
}

describe("what one may not see is answered as what is not there", () => {
  test.each(ASKERS)("to %s", async (_who, connect) => {
    const client = await connect(guarded());
    for (const [method, path, headers = {}] of requests()) {
      const said: object[] = [];
      for (const name of ["team/here", "team/gone"]) {
        const answer = await client.ask(method, path.replace("{name}", name), { headers });
        said.push(saidBy(answer, name));
      }
      expect({ request: `${method} ${path}`, ...said[0] }).toEqual({ request: `${method} ${path}`, ...said[1] });
    }
  });

  test("and what one may see is not", async () => {
    const said = await Promise.all(
      ["team/here", "team/gone"].map(async (name) =>
        saidBy(await guarded().as("alice").get(`/v2/${name}/tags/list`), name),
      ),
    );
    expect(said[0]).not.toEqual(said[1] ?? {});
  });

  test("also by an answer's length", async () => {
    for (const client of [guarded().anonymous(), guarded().as("stranger")]) {
      const lengths = await Promise.all(
        ["team/here", "team/gone"].map(async (name) => (await client.get(`/v2/${name}/manifests/v1`)).bytes.byteLength),
      );
      expect(lengths[0]).toBe(lengths[1] ?? 0);
    }
  });

  test("and by the scopes that a token is given", async () => {
    const shapes = await Promise.all(
      ["team/here", "team/gone"].map(async (name) => {
        const answer = await guarded().askToken([`repository:${name}:pull,push`], { name: "stranger" });
        const { token = "" } = answer.json() as { token?: string };
        return { status: answer.status, length: token.length };
      }),
    );
    expect(shapes[0]).toEqual(shapes[1] ?? { status: 0, length: 0 });
  });

  test("and nothing was changed by it", async () => {
    expect((await guarded().as("alice").get("/v2/team/here/tags/list")).json()).toMatchObject({ tags: ["v1"] });
    expect((await guarded().as("alice").get(`/v2/team/here/blobs/uploads/${upload}`)).status).toBe(204);
    expect((await guarded().as("alice").get("/v2/team/gone/tags/list")).status).toBe(404);
  });
});

describe("who cannot sign in is not told why", () => {
  const WRONG = "Wrong-Password-1";

  /** Names of their own, so that none has to wait for the failures of another test. */
  async function makeAttempts(mark: string): Promise<readonly (readonly [string, string])[]> {
    await guarded().user(`here${mark}`);
    await guarded().user(`out${mark}`);
    await guarded().change(async (accounts) => {
      await disableUser(accounts, `out${mark}`, nobody);
      await createRobot(accounts, { ownerPath: "team", name: `ci${mark}` }, nobody);
    });
    return [
      [`here${mark}`, WRONG],
      [`unknown${mark}`, WRONG],
      [`out${mark}`, PASSWORD],
      [`out${mark}`, WRONG],
      [`team+ci${mark}`, WRONG],
      [`team+unknown${mark}`, WRONG],
      [`here${mark}`, `berth_pat_${"a".repeat(46)}`],
      [`team+ci${mark}`, `berth_robot_${"a".repeat(46)}`],
    ];
  }

  test.each(["/v2/", "/token?service=berth", "/v2/team/here/tags/list"])("at %s", async (path) => {
    const attempts = await makeAttempts(`-${path.length}`);
    const said = await Promise.all(
      attempts.map(async ([name, password]) => saidBy(await guarded().as(name, password).get(path), name)),
    );
    for (const each of said) expect(each).toEqual(said[0] ?? {});
    expect(said[0]).toHaveProperty("status", 401);
  });

  const signIn = async (name: string, password: string) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name, password });
    return saidBy(await guarded().anonymous().post("/sign-in/password", { headers, body }), name);
  };

  test("at the sign-in of browsers either", async () => {
    const attempts = await makeAttempts("-page");
    const said = await Promise.all(attempts.map(([name, password]) => signIn(name, password)));
    for (const each of said) expect(each).toEqual(said[0] ?? {});
    expect(said[0]).toHaveProperty("status", 403);
  });

  test("nor by having to wait: a name that there is not waits as one that there is", async () => {
    await guarded().user("waits");
    const said = await Promise.all(
      ["waits", "unknown-waits"].map(async (name) => {
        for (let guess = 0; guess < 5; guess++)
          expect((await guarded().as(name, `${WRONG}${guess}`).get("/v2/")).status).toBe(401);
        const row = await findSignInFailures(guarded().metadata.reads, `account:${name}\t127.0.0.1`);
        return row && { failures: row.failures, waitMs: row.blockedUntilMs - row.failedAtMs };
      }),
    );
    expect(said).toEqual([
      { failures: 5, waitMs: 1000 },
      { failures: 5, waitMs: 1000 },
    ]);
  });
});
