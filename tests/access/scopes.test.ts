import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { decodeJwt } from "jose";

import { errorCodes, type HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, type PushedImage, pushImage, putManifest } from "../support/push-content.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

let secret: PushedImage;
const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner", "team");
  await berth.user("mallory", "owner", "own");
  await berth.user("reader", "reader", "team/app");
  await berth.show("open", "public");
  await berth.user("publisher", "owner", "open");
  secret = await pushImage(berth.as("alice"), "team/app", "v1");
  await pushImage(berth.as("mallory"), "own/app", "v1");
  await pushImage(berth.as("publisher"), "open/app", "v1");
});

const mallory = { name: "mallory" };

/** What a token says that it is good for, as `name:actions`. */
async function given(scopes: readonly string[], who?: { readonly name: string }): Promise<readonly string[]> {
  const { access } = decodeJwt(await guarded().token(scopes, who)) as {
    access: { type: string; name: string; actions: string[] }[];
  };
  return access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`);
}

describe("a scope is refused as none", () => {
  test.each([
    "repository:own/../team/app:pull",
    "repository:../team/app:pull",
    "repository:own/./app:pull",
    "repository:/team/app:pull",
    "repository:team/app/:pull",
    "repository:team//app:pull",
    "repository:team%2Fapp:pull",
    "repository:team%2fapp:pull",
    "repository:own/%2e%2e/team/app:pull",
    "repository:*:*",
    "repository:**:pull",
    "repository:team/*:pull",
    "repository:team/**:pull,push",
    "repository:Team/App:pull",
    "repository::pull",
    "repository:team/app",
    "repository:team/app\\..:pull",
    "repository:team/app\u0000:pull",
    "repository:téam/app:pull",
    ":team/app:pull",
    "team/app",
  ])("%j", async (scope) => {
    const answer = await guarded().askToken([scope], mallory);
    expect(`${answer.status} ${errorCodes(answer).join()}`).toBe("400 BAD_REQUEST");
    // Also beside a good one, and from who may do everything there.
    expect((await guarded().askToken(["repository:own/app:pull", scope], mallory)).status).toBe(400);
    expect((await guarded().askToken([scope], { name: "alice" })).status).toBe(400);
  });

  test("with more than can be meant", async () => {
    const many = Array.from({ length: 101 }, (_, index) => `repository:own/app${index}:pull`);
    expect((await guarded().askToken(many, mallory)).status).toBe(400);
    expect((await guarded().askToken([many.join(" ")], mallory)).status).toBe(400);
    expect((await guarded().askToken([`repository:own/${"a".repeat(10_000)}:pull`], mallory)).status).toBe(400);
    expect((await guarded().askToken([`repository:own/app:${"pull,".repeat(2000)}pull`], mallory)).status).toBe(400);
    expect(await given(many.slice(0, 100), mallory)).toHaveLength(100);
  });
});

describe("a token is given for no more than its owner may do", () => {
  test.each<[string, string, readonly string[]]>([
    ["mallory", "repository:team/app:pull", []],
    ["mallory", "repository:team/app:*", []],
    ["mallory", "repository:team/absent:pull,push,delete", []],
    ["mallory", "repository:own/app:pull,push,delete", ["repository:own/app:pull,push,delete"]],
    ["mallory", "repository:own/app:*", ["repository:own/app:*"]],
    ["mallory", "repository:own/app:pull,pull,pull", ["repository:own/app:pull"]],
    ["mallory", "repository:own/app:pull repository:own/app:push", ["repository:own/app:pull,push"]],
    ["mallory", "repository:own/app:pull repository:team/app:pull", ["repository:own/app:pull"]],
    ["mallory", "repository:own/app:admin,owner,settings", []],
    ["mallory", "repository(plugin):team/app:pull", []],
    ["mallory", "registry:other:*", []],
    ["mallory", "registry:catalog:pull", []],
    ["mallory", "namespace:team:*", []],
    ["mallory", "repository:localhost:5000/own/app:pull", []],
    ["reader", "repository:team/app:pull,push,delete", ["repository:team/app:pull"]],
    ["reader", "repository:team/app:*", []],
    ["reader", "repository:team/application:pull", []],
    ["reader", "repository:team:pull", []],
  ])("%s for %s", async (name, scope, expected) => {
    expect(await given(scope.split(" "), { name })).toEqual([...expected]);
  });

  test("nobody in particular for what is public", async () => {
    const scopes = ["repository:open/app:pull,push", "repository:team/app:pull", "repository:open/absent:delete"];
    expect(await given(scopes)).toEqual(["repository:open/app:pull"]);
  });

  test("as one who is named and is not who signs in", async () => {
    const answer = await guarded()
      .as("mallory")
      .get("/token?service=berth&account=alice&scope=repository:team/app:pull");
    expect(answer.status).toBe(400);
    // Who says a name and proves nothing is nobody.
    const bare = await guarded().anonymous().get("/token?service=berth&account=alice&scope=repository:team/app:pull");
    expect(decodeJwt((bare.json() as { token: string }).token)).toMatchObject({ sub: "", access: [] });
  });

  test("of another service, or with what is said twice", async () => {
    for (const query of ["service=other", "service=berth&service=other", "service=berth&account=a&account=mallory"])
      expect((await guarded().as("mallory").get(`/token?${query}`)).status).toBe(400);
  });

  test("with a token in the place of a password", async () => {
    const token = await guarded().token(["repository:own/app:pull"], mallory);
    expect((await guarded().bearer(token).get("/token?service=berth&scope=repository:own/app:push")).status).toBe(401);
    expect((await guarded().as("mallory", token).get("/token?service=berth")).status).toBe(401);
  });
});

describe("a token is good for nothing but what it was given for", () => {
  const statusOf = async (client: HttpClient, method: string, path: string) =>
    `${(await client.ask(method, path)).status} ${method} ${path}`;

  test("another repository of the same owner, another action, the catalog", async () => {
    const client = guarded().bearer(await guarded().token(["repository:own/app:pull"], mallory));
    expect(await statusOf(client, "GET", "/v2/own/app/tags/list")).toStartWith("200");
    for (const [method, path] of [
      ["GET", "/v2/own/app2/tags/list"],
      ["GET", "/v2/own/tags/list"],
      ["GET", "/v2/own/app/more/tags/list"],
      ["POST", "/v2/own/app/blobs/uploads/"],
      ["PUT", "/v2/own/app/manifests/v2"],
      ["DELETE", "/v2/own/app/manifests/v1"],
      ["GET", "/v2/_catalog"],
    ] as const)
      expect(await statusOf(client, method, path)).toStartWith("401");
  });

  test("and a path that is written in another way is what it stands for", async () => {
    const client = guarded().bearer(await guarded().token(["repository:own/app:pull"], mallory));
    for (const path of [
      "/v2/own/app/../../team/app/tags/list",
      "/v2/own/%2e%2e/team/app/tags/list",
      "/v2/own%2f..%2fteam%2fapp/tags/list",
      "/v2/team%2Fapp/tags/list",
      "/v2/own/app/..%2f..%2fteam/app/manifests/v1",
      "/v2/own/app%00/../../team/app/tags/list",
      "/v2/Team/App/tags/list",
      "/v2//team/app/tags/list",
      "/v2/team//app/tags/list",
      "//v2/team/app/tags/list",
      "/v2/team/app/tags/list/",
      "/v2/team/app;own/app/tags/list",
      "/v2/own/app/%252e%252e/team/app/tags/list",
    ]) {
      const answer = await client.get(path);
      expect(`${path} ${answer.status}`).toBeOneOf([`${path} 404`, `${path} 400`, `${path} 401`]);
      expect(answer.text).not.toContain("v1");
    }
  });
});

describe("a blob of a repository that one may not pull from", () => {
  const mount = (client: HttpClient, to: string, query: Readonly<Record<string, string>>) =>
    client.post(`/v2/${to}/blobs/uploads/?${new URLSearchParams(query).toString()}`);

  /** Whatever was answered: the blob is not in the repository. */
  async function expectNotLinked(repository: string, digest: string): Promise<void> {
    expect((await guarded().as("mallory").head(`/v2/${repository}/blobs/${digest}`)).status).toBe(404);
  }

  test.each([
    "team/app",
    "team/absent",
    "Team/App",
    "TEAM/APP",
    "own/../team/app",
    "team%2Fapp",
    "*",
    "**",
    "team/*",
    "",
    "own/app",
    undefined,
  ])("is not mounted from %j: an upload begins", async (from) => {
    const { digest } = secret.layer;
    const answer = await mount(guarded().as("mallory"), "own/new", {
      mount: digest,
      ...(from !== undefined && { from }),
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toContain("/v2/own/new/blobs/uploads/");
    await expectNotLinked("own/new", digest);
  });

  test("is answered as one that there is not", async () => {
    const shape = async (digest: string, from: string) => {
      const answer = await mount(guarded().as("mallory"), "own/new", { mount: digest, from });
      const headers = Object.fromEntries(answer.headers);
      for (const own of ["date", "x-request-id", "location", "docker-upload-uuid"]) delete headers[own];
      return { status: answer.status, headers, text: answer.text };
    };
    const there = await shape(secret.layer.digest, "team/app");
    expect(there).toEqual(await shape(contentOf("nobody has it").digest, "team/app"));
    expect(there).toEqual(await shape(secret.layer.digest, "team/absent"));
  });

  test("is not mounted by a token that is for the target only, though its owner may pull there", async () => {
    await pushBlob(guarded().as("mallory"), "own/source", contentOf("of the source"));
    const { digest } = contentOf("of the source");
    const narrow = await guarded().token(["repository:own/target:pull,push"], mallory);
    const answer = await mount(guarded().bearer(narrow), "own/target", { mount: digest, from: "own/source" });
    expect(answer.status).toBe(202);
    await expectNotLinked("own/target", digest);
    const anywhere = await mount(guarded().bearer(narrow), "own/target", { mount: digest });
    expect(anywhere.status).toBe(202);
    await expectNotLinked("own/target", digest);
    const scopes = ["repository:own/target:pull,push", "repository:own/source:pull"];
    const wide = guarded().bearer(await guarded().token(scopes, mallory));
    expect((await mount(wide, "own/target", { mount: digest, from: "own/source" })).status).toBe(201);
  });

  test("is not mounted into what one may not push to", async () => {
    const { digest } = secret.layer;
    for (const name of ["reader", "mallory"]) {
      const answer = await mount(guarded().as(name), "team/other", { mount: digest, from: "team/app" });
      expect(answer.status).toBe(403);
    }
  });

  test("is not taken by a manifest that names it, and not told of", async () => {
    const config = await pushBlob(guarded().as("mallory"), "own/app", contentOf("{}"));
    const codes = await Promise.all(
      [secret.layer, contentOf("nobody has it either")].map(async (layer) => {
        const content = imageManifest({ config, layers: [layer] });
        const answer = await putManifest(guarded().as("mallory"), { repository: "own/app", reference: "x", content });
        return `${answer.status} ${errorCodes(answer).join()} ${answer.text.replaceAll(layer.digest, "")}`;
      }),
    );
    expect(codes[0]).toStartWith("400 MANIFEST_BLOB_UNKNOWN");
    expect(codes[0]).toBe(codes[1] ?? "");
    await expectNotLinked("own/app", secret.layer.digest);
  });
});

test("a form is given no more than a query", async () => {
  const fields = { grant_type: "password", username: "mallory", password: PASSWORD };
  const answer = await guarded().postToken({ ...fields, scope: "repository:team/app:pull repository:own/app:pull" });
  expect((answer.json() as { scope: string }).scope).toBe("repository:own/app:pull");
});
