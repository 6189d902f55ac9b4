import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Answer, errorCodes, type HttpClient } from "../support/http-client.ts";
import { type Content, contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushManifest, putManifest } from "../support/push-content.ts";
import { guardedWith } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const CONFIG = contentOf("{}");
const image = (mark: string, more: object = {}) =>
  imageManifest({ config: CONFIG, layers: [], more: { annotations: { mark }, ...more } });
const OLD = image("old");
const subjectOf = ({ digest, bytes }: Content) => ({ mediaType: OCI_IMAGE_MANIFEST, digest, size: bytes.byteLength });
const SIGNATURE = image("signature", { subject: subjectOf(OLD) });

const USERS = {
  creator: ["pull", "tag:create"],
  mover: ["pull", "tag:overwrite"],
  referrer: ["pull", "referrers:write"],
  releaser: ["pull", "push"],
  cleaner: ["pull", "tag:delete"],
  remover: ["pull", "delete"],
} as const;

const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner", "team");
  for (const [name, actions] of Object.entries(USERS)) {
    const tags = ["releaser", "cleaner", "remover"].includes(name) ? { tags: "release-*" } : {};
    await berth.grant({ subject: await berth.user(name), paths: "team/*", actions, ...tags });
  }
});

let count = 0;

/** A repository of its own, with `v1`, `release-1` and `latest` on the old image. */
async function repository(): Promise<string> {
  const name = `team/app${++count}`;
  await pushBlob(guarded().as("alice"), name, CONFIG);
  for (const reference of ["v1", "release-1", "latest"])
    await pushManifest(guarded().as("alice"), { repository: name, reference, content: OLD });
  return name;
}

async function tagsOf(name: string): Promise<Readonly<Record<string, string | null>>> {
  const client = guarded().as("alice");
  const { tags } = (await client.get(`/v2/${name}/tags/list`)).json() as { tags: string[] };
  const entries = await Promise.all(
    tags.map(async (tag) => {
      const answer = await client.head(`/v2/${name}/manifests/${tag}`);
      return [tag, answer.headers.get("docker-content-digest")] as const;
    }),
  );
  return Object.fromEntries(entries);
}

const AS_BEFORE = { v1: OLD.digest, "release-1": OLD.digest, latest: OLD.digest };

async function expectRefused(name: string, answers: readonly Answer[]): Promise<void> {
  for (const answer of answers) expect(`${answer.status} ${errorCodes(answer).join()}`).toBe("403 DENIED");
  expect(await tagsOf(name)).toEqual(AS_BEFORE);
}

/** By Basic, and with a token for all that the user may have. */
async function clientsOf(user: string, name: string): Promise<readonly HttpClient[]> {
  const token = await guarded().token([`repository:${name}:pull,push,delete`], { name: user });
  return [guarded().as(user), guarded().bearer(token)];
}

const put = (client: HttpClient, name: string, reference: string, content: Content) =>
  putManifest(client, { repository: name, reference, content });

describe("who may only make tags", () => {
  test("moves none: not by the path, not by a parameter, not beside a new one", async () => {
    const name = await repository();
    const next = image("next");
    for (const client of await clientsOf("creator", name))
      await expectRefused(name, [
        await put(client, name, "v1", next),
        await put(client, name, "latest", next),
        await put(client, name, `${next.digest}?tag=v1`, next),
        await put(client, name, `${next.digest}?tag=new&tag=v1`, next),
        await put(client, name, `${next.digest}?tag=v1&tag=new`, next),
        await put(client, name, "new?tag=v1", next),
        await put(client, name, `${next.digest}?tag=new&tag=new&tag=latest`, next),
      ]);
    expect((await put(guarded().as("creator"), name, "new", next)).status).toBe(201);
    expect(await tagsOf(name)).toEqual({ ...AS_BEFORE, new: next.digest });
  });

  test("deletes nothing, and does not move a tag by making it anew", async () => {
    const name = await repository();
    const client = guarded().as("creator");
    await expectRefused(name, [
      await client.delete(`/v2/${name}/manifests/v1`),
      await client.delete(`/v2/${name}/manifests/${OLD.digest}`),
      await client.delete(`/v2/${name}/blobs/${CONFIG.digest}`),
      await put(client, name, "v1", image("again")),
    ]);
  });

  test("one of several at once, so many as try", async () => {
    const name = await repository();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => put(guarded().as("creator"), name, "race", image(`race ${index}`))),
    );
    const codes = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(codes).toEqual([201, ...Array.from({ length: 9 }, () => 403)]);
  });
});

test("who may only move tags makes none", async () => {
  const name = await repository();
  const next = image("next");
  const client = guarded().as("mover");
  await expectRefused(name, [
    await put(client, name, "new", next),
    await put(client, name, `${next.digest}?tag=new`, next),
    await put(client, name, `v1?tag=new`, next),
  ]);
  expect((await put(client, name, "v1", next)).status).toBe(201);
});

describe("who may push certain tags", () => {
  test("sets no others, by whatever way", async () => {
    const name = await repository();
    const next = image("next");
    for (const client of await clientsOf("releaser", name))
      await expectRefused(name, [
        await put(client, name, "v1", next),
        await put(client, name, "v2", next),
        await put(client, name, "Release-2", next),
        await put(client, name, "my-release-2", next),
        await put(client, name, `${next.digest}?tag=v2`, next),
        await put(client, name, "release-2?tag=latest", next),
        await put(client, name, "release-1?tag=release-2&tag=v1", next),
      ]);
    expect((await put(guarded().as("releaser"), name, "release-1", next)).status).toBe(201);
    expect((await put(guarded().as("releaser"), name, "release-2?tag=release-3", next)).status).toBe(201);
  });

  test("pulls no others, and lists no others", async () => {
    const name = await repository();
    await pushManifest(guarded().as("alice"), { repository: name, reference: "v9", content: image("hidden") });
    for (const client of await clientsOf("releaser", name)) {
      expect((await client.get(`/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ["release-1"] });
      expect((await client.get(`/v2/${name}/manifests/release-1`)).status).toBe(200);
      const said = await Promise.all(
        ["v9", "nope"].map(async (tag) => {
          const answer = await client.get(`/v2/${name}/manifests/${tag}`);
          return `${answer.status} ${answer.text}`;
        }),
      );
      expect(said[0]).toStartWith("403");
      expect(said[1]).toBe(said[0] ?? "");
    }
  });
});

describe("who may delete certain tags", () => {
  test("deletes no others, and no manifest, with which others would go", async () => {
    const name = await repository();
    for (const user of ["cleaner", "remover"])
      for (const client of await clientsOf(user, name))
        await expectRefused(name, [
          await client.delete(`/v2/${name}/manifests/v1`),
          await client.delete(`/v2/${name}/manifests/latest`),
          await client.delete(`/v2/${name}/manifests/absent`),
          await client.delete(`/v2/${name}/manifests/${OLD.digest}`),
          await client.delete(`/v2/${name}/blobs/${CONFIG.digest}`),
          await put(client, name, "release-1", image("x")),
        ]);
    expect((await guarded().as("cleaner").delete(`/v2/${name}/manifests/release-1`)).status).toBe(202);
    expect(Object.keys(await tagsOf(name))).toEqual(["latest", "v1"]);
  });
});

describe("who may only add to an image", () => {
  test("pushes no image, with a tag or without, nor hides one behind a tag", async () => {
    const name = await repository();
    const plain = image("plain");
    for (const client of await clientsOf("referrer", name))
      await expectRefused(name, [
        await put(client, name, plain.digest, plain),
        await put(client, name, "new", plain),
        await put(client, name, "v1", plain),
        await put(client, name, "new", SIGNATURE),
        await put(client, name, "v1", SIGNATURE),
        await put(client, name, `${SIGNATURE.digest}?tag=v1`, SIGNATURE),
        await put(client, name, `${SIGNATURE.digest}?tag=new`, SIGNATURE),
        await client.delete(`/v2/${name}/manifests/${OLD.digest}`),
      ]);
    expect((await put(guarded().as("referrer"), name, SIGNATURE.digest, SIGNATURE)).status).toBe(201);
    expect(await tagsOf(name)).toEqual(AS_BEFORE);
  });

  test("and who may only make tags adds nothing", async () => {
    const name = await repository();
    await expectRefused(name, [
      await put(guarded().as("creator"), name, SIGNATURE.digest, SIGNATURE),
      await put(guarded().as("creator"), name, "signature", SIGNATURE),
    ]);
  });
});
