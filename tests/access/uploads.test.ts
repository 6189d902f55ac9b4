import { expect, setDefaultTimeout, test } from "bun:test";

import { changePassword, disableUser } from "../support/change-accounts.ts";
import { removeRole } from "../../src/metadata/index.ts";
import type { Answer, HttpClient } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { contentOf } from "../support/oci-content.ts";
import { octetStream, startUpload, withQuery } from "../support/push-content.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const guarded = guardedWith(async (berth) => {
  for (const name of ["alice", "ben", "carl", "dora"]) await berth.user(name, "writer", "team");
  await berth.user("reader", "reader", "team");
  await berth.user("mallory", "owner", "own");
});

const LAYER = contentOf("bytes of a layer");

/** Every request that an upload knows. */
async function tryAll(client: HttpClient, url: string): Promise<readonly number[]> {
  const { bytes: body, digest } = LAYER;
  const answers: readonly Answer[] = [
    await client.get(url),
    await client.head(url),
    await client.patch(url, { body, headers: octetStream }),
    await client.put(withQuery(url, { digest }), { body, headers: octetStream }),
    await client.delete(url),
  ];
  return answers.map(({ status }) => status);
}

const all = (status: number) => Array.from({ length: 5 }, () => status);

/** A token of the user that ends within two seconds, and the time when it has. */
async function shortToken(name: string, endsInSeconds = 1) {
  const exp = Math.floor(Date.now() / 1000) + 1 + endsInSeconds;
  return { token: await guarded().forge(name, { exp }), ended: () => Bun.sleep(exp * 1000 + 5 - Date.now()) };
}

async function expectUntouched(url: string): Promise<void> {
  const answer = await guarded().as("alice").get(url);
  expect([answer.status, answer.headers.get("range")]).toEqual([204, "0-0"]);
}

test("an upload is nothing to who may not push there, nor to nobody", async () => {
  const url = await startUpload(guarded().as("alice"), "team/app");
  expect(await tryAll(guarded().anonymous(), url)).toEqual(all(401));
  expect(await tryAll(guarded().as("reader"), url)).toEqual(all(403));
  expect(await tryAll(guarded().as("mallory"), url)).toEqual([404, 404, 403, 403, 403]);
  const pull = await guarded().token(["repository:team/app:pull"], { name: "alice" });
  expect(await tryAll(guarded().bearer(pull), url)).toEqual(all(401));
  const other = await guarded().token(["repository:team/other:pull,push"], { name: "alice" });
  expect(await tryAll(guarded().bearer(other), url)).toEqual(all(401));
  await expectUntouched(url);
});

test("an upload is of its repository: under the name of another there is none", async () => {
  const url = await startUpload(guarded().as("alice"), "team/app");
  const elsewhere = url.replace("/v2/team/app/", "/v2/own/app/");
  expect(await tryAll(guarded().as("mallory"), elsewhere)).toEqual(all(404));
  const beside = url.replace("/v2/team/app/", "/v2/team/other/");
  expect(await tryAll(guarded().as("alice"), beside)).toEqual(all(404));
  await expectUntouched(url);
});

test("what was begun with a good token is finished after its end, by the same user and nobody else", async () => {
  const [mine, others] = [await shortToken("alice"), await shortToken("ben")];
  const url = await startUpload(guarded().bearer(mine.token), "team/app");
  const another = await startUpload(guarded().bearer(mine.token), "team/app");
  await Promise.all([mine.ended(), others.ended()]);
  expect(await tryAll(guarded().bearer(others.token), url)).toEqual(all(401));
  await expectUntouched(url);
  const late = guarded().bearer(mine.token);
  // It is good for nothing else.
  for (const [method, path] of [
    ["GET", "/v2/"],
    ["GET", "/v2/_catalog"],
    ["GET", "/v2/team/app/tags/list"],
    ["HEAD", `/v2/team/app/blobs/${LAYER.digest}`],
    ["POST", "/v2/team/app/blobs/uploads/"],
    ["POST", `/v2/team/app/blobs/uploads/?digest=${LAYER.digest}`],
    ["PUT", "/v2/team/app/manifests/v1"],
    ["DELETE", "/v2/team/app/manifests/v1"],
    ["PATCH", "/v2/team/app/blobs/uploads/no-such-upload"],
    ["OPTIONS", "/v2/team/app/tags/list"],
  ] as const)
    expect(`${method} ${path} ${(await late.ask(method, path)).status}`).toBe(`${method} ${path} 401`);
  const { bytes: body, digest } = LAYER;
  expect((await late.put(withQuery(url, { digest }), { body, headers: octetStream })).status).toBe(201);
  expect((await late.delete(another)).status).toBe(204);
});

test("what was begun after the token's end, or by a password, is not gone on with by it", async () => {
  const { token, ended } = await shortToken("alice", 0);
  await ended();
  const url = await startUpload(guarded().as("alice"), "team/app");
  expect(await tryAll(guarded().bearer(token), url)).toEqual(all(401));
  await expectUntouched(url);
});

test("a token that has ended is not good for what was begun, where it was taken back", async () => {
  const names = ["ben", "carl", "dora"] as const;
  const tokens = await Promise.all(names.map((name) => shortToken(name)));
  const urls = await Promise.all(tokens.map(({ token }) => startUpload(guarded().bearer(token), "team/app")));
  await Promise.all(tokens.map(({ ended }) => ended()));
  const subject = `account:${(await guarded().account("dora")).id}`;
  await guarded().change(async (accounts) => {
    await disableUser(accounts, "ben", nobody);
    await changePassword(accounts, { name: "carl", oldPassword: PASSWORD, newPassword: "Battery-Staple-7" }, nobody);
    await accounts.metadata.transaction((queries) => removeRole(queries, { path: "team", subject }));
  });
  const tried = await Promise.all(tokens.map(({ token }, index) => tryAll(guarded().bearer(token), urls[index] ?? "")));
  expect(tried).toEqual([all(401), all(401), all(401)]);
  for (const url of urls) await expectUntouched(url);
});

test("who lost the right while uploading does not go on", async () => {
  const subject = await guarded().user("finn", "writer", "team");
  const token = await guarded().token(["repository:team/app:pull,push"], { name: "finn" });
  const url = await startUpload(guarded().bearer(token), "team/app");
  await guarded().change(({ metadata }) =>
    metadata.transaction((queries) => removeRole(queries, { path: "team", subject })),
  );
  expect(await tryAll(guarded().bearer(token), url)).toEqual([404, 404, 403, 403, 403]);
  expect(await tryAll(guarded().as("finn"), url)).toEqual([404, 404, 403, 403, 403]);
  await expectUntouched(url);
});
