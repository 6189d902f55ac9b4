import { describe, expect, setDefaultTimeout, test } from "bun:test";

import type { RepositoryName } from "../../src/oci/index.ts";
import { renameRepository } from "../../src/metadata/index.ts";
import { pushImage, type PushedImage } from "../support/push-content.ts";
import { guardedWith } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const [from, to] = ["old/app", "new/app"] as [RepositoryName, RepositoryName];
let image: PushedImage;

const guarded = guardedWith(async (berth) => {
  await berth.user("owner", "owner");
  await berth.user("both", "reader", "old");
  await berth.give("new", `account:${(await berth.account("both")).id}`, "reader");
  await berth.user("before", "writer", "old");
  await berth.user("after", "writer", "new");
  image = await pushImage(berth.as("owner"), from, "v1");
  await berth.change(() =>
    berth.metadata.transaction(async (queries) => {
      const [row] = await queries.selectFrom("repositories").select("id").where("name", "=", from).execute();
      const times = { nowMs: Date.now(), servesUntilMs: Date.now() + 3_600_000 };
      await renameRepository(queries, { id: row?.id ?? 0, from, to, actor: "owner", ...times });
    }),
  );
});

describe("an old name", () => {
  test.each(["owner", "both", "after"])("is good for %s, who may pull by the new one", async (who) => {
    const manifest = await guarded().as(who).get(`/v2/${from}/manifests/v1`);
    expect([manifest.status, manifest.headers.get("docker-content-digest")]).toEqual([200, image.manifest.digest]);
    expect((await guarded().as(who).get(`/v2/${from}/blobs/${image.layer.digest}`)).status).toBe(200);
  });

  test("tells who may not pull by the new one nothing but what it tells of any name", async () => {
    for (const rest of ["manifests/v1", `blobs/${image.layer.digest}`, "tags/list"]) {
      const moved = await guarded().as("before").get(`/v2/${from}/${rest}`);
      const never = await guarded().as("before").get(`/v2/old/never/${rest}`);
      expect([moved.status, moved.text.replaceAll(from, "")]).toEqual([
        never.status,
        never.text.replaceAll("old/never", ""),
      ]);
      const anonymous = await guarded().anonymous().get(`/v2/${from}/${rest}`);
      expect([anonymous.status, anonymous.text.includes(to)]).toEqual([401, false]);
    }
  });

  test("is good for a token that was asked for by it", async () => {
    const token = await guarded().token([`repository:${from}:pull,push`], { name: "after" });
    const client = guarded().bearer(token);
    expect((await client.get(`/v2/${from}/manifests/v1`)).status).toBe(200);
    const pushed = await pushImage(client, from, "by-token");
    const { headers } = await guarded().as("owner").get(`/v2/${to}/manifests/by-token`);
    expect(headers.get("docker-content-digest")).toBe(pushed.manifest.digest);
    const nothing = await guarded().token([`repository:${from}:pull`], { name: "before" });
    expect((await guarded().bearer(nothing).get(`/v2/${from}/manifests/v1`)).status).toBe(404);
  });

  test("takes no push of who may push by it alone, and does not say where it leads", async () => {
    await pushImage(guarded().as("before"), from, "v2").then(
      () => expect.unreachable(),
      ({ message }: Error) => {
        expect(message).toContain("answer 403 instead of 201");
        expect(message).toContain("the repository old/app was moved");
        expect(message).not.toContain(to);
      },
    );
  });
});
