import { afterEach, describe, expect, test } from "bun:test";

import { HttpChallengeServer } from "../../../../../src/http/tls/acme/http-challenge-server.ts";

const servers: HttpChallengeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function start(httpsPort = 443) {
  const server = new HttpChallengeServer({
    address: { hostname: "127.0.0.1", port: 0 },
    hosts: ["*.registry.example", "registry.example", "mirror.example"],
    httpsPort,
  });
  servers.push(server);
  const ask = (path: string, host: string, method = "GET") =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { Host: host }, redirect: "manual" });
  return { server, ask };
}

describe("the server of http-01", () => {
  test("answers a challenge while it is open", async () => {
    const { server, ask } = start();
    const path = "/.well-known/acme-challenge/token-1";
    expect((await ask(path, "registry.example")).status).toBe(404);
    server.open("token-1", "token-1.thumbprint");
    const answer = await ask(path, "registry.example");
    expect([answer.status, await answer.text()]).toEqual([200, "token-1.thumbprint"]);
    server.close("token-1");
    expect((await ask(path, "registry.example")).status).toBe(404);
  });

  test.each([
    ["mirror.example", "https://mirror.example/v2/?n=1"],
    ["MIRROR.example:80", "https://mirror.example/v2/?n=1"],
    ["evil.example", "https://registry.example/v2/?n=1"],
    ["evil.example/@", "https://registry.example/v2/?n=1"],
  ])("leads a request for %s to %s", async (host, location) => {
    const { ask } = start();
    const answer = await ask("/v2/?n=1", host);
    expect([answer.status, answer.headers.get("location")]).toEqual([301, location]);
  });

  test("keeps the method of what is no reading", async () => {
    const { ask } = start(5443);
    const answer = await ask("/v2/a/blobs/uploads/", "registry.example", "POST");
    expect([answer.status, answer.headers.get("location")]).toEqual([
      308,
      "https://registry.example:5443/v2/a/blobs/uploads/",
    ]);
  });

  test("says why it cannot be had", () => {
    const { server } = start();
    const again = () =>
      new HttpChallengeServer({
        address: { hostname: "127.0.0.1", port: server.port },
        hosts: ["registry.example"],
        httpsPort: 443,
      });
    expect(again).toThrow(`http-01 cannot be answered, listening on 127.0.0.1:${server.port} failed`);
  });
});
