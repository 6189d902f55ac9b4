import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { disableUser } from "../support/change-accounts.ts";
import { removeRole } from "../../src/metadata/index.ts";
import type { Answer, HttpClient } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { octetStream, pushBlob, startUpload, withQuery } from "../support/push-content.ts";
import { guardedWith } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const CONFIG = contentOf("{}");
const LAYER = contentOf("bytes of a layer");
const OTHER = contentOf("bytes of another");
const MANIFEST = imageManifest({ config: CONFIG, layers: [] });

const guarded = guardedWith(async (berth) => {
  for (const name of ["alice", "ben"]) await berth.user(name, "writer", "team");
  await pushBlob(berth.as("alice"), "team/app", CONFIG);
});

/** A body of which the second half comes when something else is done. */
function slowly(bytes: Uint8Array, meanwhile: () => Promise<unknown>): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    async pull(controller) {
      if (!isBegun) {
        isBegun = true;
        return controller.enqueue(bytes.slice(0, 3));
      }
      // The head is there, and who sends it was let in.
      await Bun.sleep(300);
      await meanwhile();
      controller.enqueue(bytes.slice(3));
      controller.close();
    },
  });
}

const MANIFEST_TYPE = { "content-type": "application/vnd.oci.image.manifest.v1+json" };

interface Way {
  readonly what: string;
  /** Where it is, once it is taken. */
  readonly place: string;
  readonly send: (client: HttpClient, meanwhile: () => Promise<unknown>) => Promise<Answer>;
}

const WAYS: readonly Way[] = [
  {
    what: "a manifest",
    place: "/v2/team/app/manifests/v1",
    send: (client, meanwhile) =>
      client.put("/v2/team/app/manifests/v1", { body: slowly(MANIFEST.bytes, meanwhile), headers: MANIFEST_TYPE }),
  },
  {
    what: "the end of an upload",
    place: `/v2/team/app/blobs/${LAYER.digest}`,
    async send(client, meanwhile) {
      const url = withQuery(await startUpload(client, "team/app"), { digest: LAYER.digest });
      return client.put(url, { body: slowly(LAYER.bytes, meanwhile), headers: octetStream });
    },
  },
  {
    what: "a whole blob",
    place: `/v2/team/app/blobs/${OTHER.digest}`,
    send: (client, meanwhile) =>
      client.post(`/v2/team/app/blobs/uploads/?digest=${OTHER.digest}`, {
        body: slowly(OTHER.bytes, meanwhile),
        headers: octetStream,
      }),
  },
];

describe.each(WAYS)("$what that comes slowly", ({ what, place, send }) => {
  const nameOf = (why: string) => `${why}-${what.replaceAll(" ", "-")}`;
  /** Somebody who is known, so that their next request is let in as soon as its head is there. */
  const signedIn = async (name: string) => {
    const client = guarded().as(name);
    expect((await client.get("/v2/")).status).toBe(200);
    return client;
  };
  const expectNothing = async () => expect((await guarded().as("ben").head(place)).status).toBe(404);

  test("is not taken of who was disabled meanwhile", async () => {
    const name = nameOf("disabled");
    await guarded().user(name, "writer", "team");
    const client = await signedIn(name);
    const disable = () => guarded().change((accounts) => disableUser(accounts, name, nobody));
    expect((await send(client, disable)).status).toBe(401);
    await expectNothing();
  });

  test("is not taken of who may do it no longer", async () => {
    const name = nameOf("demoted");
    const subject = await guarded().user(name, "writer", "team");
    const client = await signedIn(name);
    const takeAway = () =>
      guarded().change(({ metadata }) =>
        metadata.transaction((queries) => removeRole(queries, { path: "team", subject })),
      );
    expect((await send(client, takeAway)).status).toBe(403);
    await expectNothing();
  });

  test("is taken though its token has ended meanwhile", async () => {
    const exp = Math.floor(Date.now() / 1000) + 4;
    const token = await guarded().forge("alice", { exp });
    const ended = () => Bun.sleep(exp * 1000 + 5 - Date.now());
    expect((await send(guarded().bearer(token), ended)).status).toBe(201);
    expect((await guarded().as("ben").head(place)).status).toBe(200);
  });
});
