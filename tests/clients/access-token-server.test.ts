import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { errorCodes, HttpClient } from "../support/http-client.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import type { Finished } from "../support/run-program.ts";
import { type ClientSession, imageClients, TAG } from "./support/image-clients.ts";
import {
  ISSUER,
  SERVICE,
  signToken,
  startTokenServer,
  type TokenServer,
  type TokenUser,
} from "./support/token-server.ts";

setDefaultTimeout(60_000);

const clients = imageClients.filter(({ name }) => name === "skopeo" || /docker|ctr/.test(name));
const repositories = clients.map((_, number) => `team/client-${number}/image`);
const mayAll = (...actions: readonly string[]) => Object.fromEntries(repositories.map((name) => [name, actions]));
const writer: TokenUser = { user: "writer", password: "the secret of writer", may: mayAll("pull", "push") };
const reader: TokenUser = { user: "reader", password: "the secret of reader", may: mayAll("pull") };

function expectRefused({ exitCode, output }: Finished): void {
  expect(output).toMatch(/unauthorized|authorization failed|denied|401|insufficient_scope/i);
  expect(exitCode).not.toBe(0);
}

/** `rootcertbundle` holds the authority of the certificate that a token brings, or the certificate itself. */
const ways = [
  { names: "x5c", bundle: ({ authority }: Certificates) => authority },
  { names: "kid", bundle: ({ certificate }: Certificates) => certificate },
] as const;

describe.each(ways)("tokens of another server that name their key by $names", ({ names, bundle }) => {
  let certificates: Certificates;
  let server: TokenServer;
  let registry: RunningRegistry;
  beforeAll(async () => {
    certificates = await makeCertificates();
    server = startTokenServer({ certificates, names, users: [writer, reader] });
    const token = { realm: server.realm, service: SERVICE, issuer: ISSUER, rootcertbundle: bundle(certificates) };
    registry = await startBerth({ config: { auth: { token } } });
  });
  afterAll(async () => {
    await registry.stop();
    await server.stop();
  });

  const bearerOf = async (user: TokenUser, scopes: readonly string[], signing = certificates) => {
    const token = await signToken({ certificates: signing, names }, user, scopes);
    return new HttpClient(registry.url, { authorization: `Bearer ${token}` });
  };
  const upload = "/v2/team/client-0/image/blobs/uploads/";
  const challenge = `Bearer realm="`;

  test("send who has none for one, and say what for", async () => {
    const http = new HttpClient(registry.url);
    const realm = `${challenge}${server.realm}",service="${SERVICE}"`;
    expect((await http.get("/v2/")).headers.get("www-authenticate")).toBe(realm);
    const push = await http.post(upload);
    const scope = "repository:team/client-0/image:pull,push";
    expect([push.status, push.headers.get("www-authenticate")]).toEqual([401, `${realm},scope="${scope}"`]);
  });

  test("that are for less are not enough, and the answer says for what one is needed", async () => {
    const repository = "team/client-0/image";
    const scopes = { pull: `repository:${repository}:pull`, push: `repository:${repository}:pull,push` };
    const pulls = await bearerOf(reader, [scopes.push]);
    const nothing = await bearerOf(reader, []);
    expect((await pulls.get("/v2/")).status).toBe(200);
    expect((await pulls.get(`/v2/${repository}/tags/list`)).status).toBe(404);
    for (const [answer, scope] of [
      [await pulls.post(upload), scopes.push],
      [await pulls.put(`/v2/${repository}/manifests/1`, { body: "{}" }), scopes.push],
      [await pulls.delete(`/v2/${repository}/manifests/1`), `repository:${repository}:delete`],
      [await nothing.get(`/v2/${repository}/tags/list`), scopes.pull],
      [await nothing.get("/v2/_catalog"), "registry:catalog:*"],
    ] as const) {
      expect([answer.status, errorCodes(answer)]).toEqual([401, ["UNAUTHORIZED"]]);
      const words = answer.headers.get("www-authenticate") ?? "";
      expect(words).toContain(`scope="${scope}"`);
      expect(words).toContain('error="insufficient_scope"');
    }
    expect((await (await bearerOf(writer, [scopes.push])).post(upload)).status).toBe(202);
  });

  test("of a key that is not in the bundle are not taken, nor are passwords", async () => {
    const forged = await bearerOf(writer, ["repository:team/client-0/image:pull,push"], await makeCertificates());
    const answer = await forged.post(upload);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
    const basic = { authorization: `Basic ${btoa(`${writer.user}:${writer.password}`)}` };
    expect((await new HttpClient(registry.url, basic).get("/v2/")).status).toBe(401);
  });

  if (names === "x5c")
    describe("let clients do what they say", () => {
      let source: RunningRegistry;
      let image: Image;
      beforeAll(async () => {
        image = await makeImage({ seed: "token server", layerBytes: [1000, 20_000] });
        source = await startBerth();
        await (await connectTo(source)).pushImage("sample/image", TAG, image);
      });
      afterAll(() => source.stop());

      for (const [number, client] of clients.entries()) {
        client.describe(client.name, () => {
          let session: ClientSession;
          beforeAll(async () => {
            const from = `${source.host}/sample/image:${TAG}`;
            session = await client.start({ host: registry.host, source: from, image, chart: "" });
          });
          afterAll(() => session.stop());

          test("pushes and pulls", async () => {
            const repository = repositories[number] ?? "";
            expectRefused(await session.pull(repository));
            const before = server.issued();
            await session.logIn(writer);
            expect(await session.push(repository)).toMatchObject({ exitCode: 0 });
            await session.logIn(reader);
            expect(await session.pull(repository)).toMatchObject({ exitCode: 0 });
            expect(server.issued()).toBeGreaterThan(before);
            expectRefused(await session.push(repository.replace("image", "more/image")));
          });
        });
      }
    });
});
