import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { errorCodes, HttpClient } from "../support/http-client.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

const basic = (password: string) => ({ authorization: `Basic ${btoa(`admin:${password}`)}` });

describe("a first start on an address that others can reach, without a word about who may come", () => {
  test("makes an administrator whose printed password must be changed before anything else", async () => {
    const [dataDirectory, port] = [makeTemporaryFolder("first-start"), takeFreePort()];
    const start = () => startBerth({ dataDirectory, port, config: { http: { addr: `0.0.0.0:${port}` } } });
    const berth = await start();
    const password = /administrator admin has been made with the password (\S+);/.exec(berth.logs())?.[1] ?? "";
    expect(password).toMatch(/^\w{20}$/);

    const nobody = await new HttpClient(berth.url).get("/v2/");
    expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([
      401,
      `Bearer realm="${berth.url}/token",service="berth"`,
    ]);
    for (const path of ["/v2/_catalog", "/v2/any/tags/list", "/api/v1/users"])
      expect([path, (await new HttpClient(berth.url).get(path)).status]).toEqual([path, 401]);

    const first = new HttpClient(berth.url, basic(password));
    const refusals = { "/v2/": 403, "/v2/_catalog": 403, "/token?service=berth": 401, "/api/v1/users": 403 };
    for (const [path, status] of Object.entries(refusals)) {
      const answer = await first.get(path);
      expect([path, answer.status, answer.text]).toEqual([
        path,
        status,
        expect.stringContaining("the password must be changed before anything else"),
      ]);
    }
    expect(errorCodes(await first.post("/v2/app/blobs/uploads/"))).toEqual(["DENIED"]);

    const mine = "a password of my own";
    const body = JSON.stringify({ oldPassword: password, newPassword: mine });
    const changed = await first.put("/api/v1/me/password", { headers: { "content-type": "application/json" }, body });
    expect({ status: changed.status, text: changed.text }).toMatchObject({ status: 204 });
    expect((await first.get("/v2/")).status).toBe(401);
    const admin = new HttpClient(berth.url, basic(mine));
    expect((await admin.get("/v2/_catalog")).json()).toEqual({ repositories: [] });
    expect((await admin.post("/v2/app/blobs/uploads/")).status).toBe(202);
    await berth.stop();

    const again = await start();
    expect(again.logs()).not.toContain("has been made");
    expect((await admin.get("/v2/")).status).toBe(200);
    await again.stop();
  });
});
