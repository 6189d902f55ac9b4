import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { type Answer, HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, putManifest, requireStatus } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { berthWith } from "./registry.ts";

setDefaultTimeout(60_000);

const CLIENT = "203.0.113.7";

const closed = berthWith({
  htpasswd: { alice: "wonderland", bob: "builder" },
  config: { http: { trustedproxies: ["127.0.0.1"] } },
});
const open = berthWith();

const client = (berth: RunningRegistry, user?: string, password?: string) =>
  new HttpClient(berth.url, {
    "x-forwarded-for": CLIENT,
    ...(user !== undefined && { authorization: `Basic ${btoa(`${user}:${password}`)}` }),
  });

interface Row {
  readonly act: string;
  readonly outcome: string;
  readonly actor: string | null;
  readonly address: string | null;
  readonly target: string | null;
  readonly request_id: string | null;
}

function rowsOf(berth: RunningRegistry): readonly Row[] {
  const database = new Database(join(berth.dataDirectory, "berth/berth.db"), { readonly: true });
  try {
    // What else is recorded, such as sign-ins, is not what this is about.
    const acts = "('manifest.push', 'tag.create', 'tag.move', 'tag.delete', 'manifest.delete', 'blob.delete')";
    return database.query<Row, []>(`select * from audit where act in ${acts} order by sequence`).all();
  } finally {
    database.close();
  }
}

const config = contentOf("{}");
const layer = contentOf("layer");
const first = imageManifest({ config, layers: [layer] });
const second = imageManifest({ config, layers: [] });

test("pushes, moves and deletes are there with who did them, from where, and by which request", async () => {
  const [alice, bob] = [client(closed(), "alice", "wonderland"), client(closed(), "bob", "builder")];
  for (const blob of [config, layer]) await pushBlob(alice, "app", blob);
  const expected: object[] = [];
  const expectAct = (answer: Answer, actor: string, ...acts: readonly string[]) => {
    expect(answer.status).toBeWithin(200, 300);
    const from = { actor, address: CLIENT, request_id: answer.headers.get("x-request-id"), target: "app" };
    for (const act of acts) expected.push(expect.objectContaining({ act, outcome: "success", ...from }));
  };
  const push = { repository: "app", reference: "v1" };
  expectAct(await putManifest(alice, { ...push, content: first }), "alice", "manifest.push", "tag.create");
  expectAct(await putManifest(bob, { ...push, content: second }), "bob", "manifest.push", "tag.move");
  expectAct(await putManifest(alice, { ...push, content: first }), "alice", "tag.move");
  expectAct(await alice.delete("/v2/app/manifests/v1"), "alice", "tag.delete");
  expectAct(await bob.delete(`/v2/app/manifests/${second.digest}`), "bob", "manifest.delete");
  expectAct(await bob.delete(`/v2/app/blobs/${layer.digest}`), "bob", "blob.delete");
  expect(rowsOf(closed())).toEqual(expected as Row[]);
});

test("where nobody signs in, no trail is kept", async () => {
  const http = client(open());
  for (const blob of [config, layer]) await pushBlob(http, "app", blob);
  requireStatus(await putManifest(http, { repository: "app", reference: "v1", content: first }), 201);
  expect(rowsOf(open())).toEqual([]);
});
