import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";

import { findAccount } from "../../src/access/index.ts";
import { Seal } from "../../src/auth/index.ts";
import { SigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import { TokenIssuer } from "../../src/auth/tokens/token-issuer.ts";
import { logTo } from "../unit/http/health/log-to.ts";
import { argv } from "../support/argv.ts";
import { type Answer, HttpClient } from "../support/http-client.ts";
import { type Login, sha256 } from "../support/registry-client.ts";
import { requireLaterClient, requireRoot } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { startTcpTap, type TcpTap } from "../support/tcp-tap.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { loginOf, NAMESPACES, useAccessWorld } from "./support/access-world.ts";
import { dockerVersions, startDocker } from "./support/docker-engine.ts";
import { expectServed } from "./support/expect-served.ts";
import { imageClients, TAG } from "./support/image-clients.ts";

setDefaultTimeout(60_000);

const SECRET = "a secret of the tests that is long enough";
const LIFETIME_MS = 60_000;
const world = useAccessWorld({ http: { secret: SECRET } });
const { open, team, shelf, vault } = NAMESPACES;
const root = requireRoot();
const crane = requireLaterClient("crane");

async function withTap<T>(work: (host: string, tap: TcpTap) => Promise<T>): Promise<T> {
  const tap = await startTcpTap(world().registry.port);
  try {
    return await work(`127.0.0.1:${tap.port}`, tap);
  } finally {
    tap.close();
  }
}

// --- what clients ask the token end-point

/** Its requests, each once, as the names of what they send. */
function tokenRequests(tap: TcpTap): readonly string[] {
  const requests = tap
    .sent()
    .matchAll(/(GET|POST) \/token(\?\S*)? HTTP\/1\.1\r\n(?:[^\r]+\r\n)*\r\n(\S*&service=berth(?:&username=\w+)?)?/g);
  const shown = [...requests].map(([, method = "", query = "", form = ""]) => {
    const sent = new URLSearchParams(method === "POST" ? form : query);
    return `${method} ${sent.get("grant_type") ?? ""} ${sent.has("scope") ? "scope" : ""}`
      .replaceAll(/ +/g, " ")
      .trim();
  });
  return [...new Set(shown)];
}

const byQuery = ["GET", "GET scope"];
const ASKED: Readonly<Record<string, readonly string[]>> = {
  "docker of this release": ["GET", "POST refresh_token scope"],
  "a later docker on containerd's store": ["GET", "POST refresh_token scope"],
  skopeo: byQuery,
  podman: byQuery,
  buildah: byQuery,
  "ctr of containerd of this release": ["POST password scope"],
  "ctr of a later containerd": ["POST password scope"],
  crane: ["GET scope"],
  oras: byQuery,
  helm: ["POST password", "GET scope"],
};

describe("a login and a push ask for tokens", () => {
  for (const client of imageClients) {
    client.describe(client.name, () => {
      test(`by ${ASKED[client.name]?.join(", ") ?? "?"}`, async () => {
        const { image, chart, anna, registry } = world();
        const untapped = `${registry.host}/${open}/image:${TAG}`;
        await withTap(async (host, tap) => {
          const session = await client.start({ host, source: untapped, image, chart });
          await session.logIn(anna);
          const pushed = await session.push(`${team}/tapped/${client.moves}`);
          await session.stop();
          expect(pushed).toMatchObject({ exitCode: 0 });
          expect(tokenRequests(tap)).toEqual(ASKED[client.name] ?? []);
        });
      });
    });
  }
});

interface DockerLogins {
  readonly auths: Readonly<Record<string, { readonly auth: string; readonly identitytoken?: string }>>;
}

for (const { name, describe } of imageClients.slice(0, dockerVersions.length)) {
  describe(`what ${name} keeps of a login`, () => {
    test("is no password, and is good for nothing when the user is disabled", async () => {
      const { registry, image, chart, rows } = world();
      const { host } = registry;
      const login = loginOf(`dora-${randomUUID().slice(0, 8)}`);
      await rows.user(login.user, login.password);
      await rows.role(team, `user:${login.user}`, "writer");
      const client = imageClients.find((candidate) => candidate.name === name);
      const session = await client?.start({ host, source: `${host}/${open}/image:${TAG}`, image, chart });
      await session?.logIn(login);
      const kept = (await Bun.file(session?.loginFile ?? "").json()) as DockerLogins;
      expect(kept.auths[host]).toEqual({
        auth: btoa(`${login.user}:`),
        identitytoken: expect.stringMatching(/^berth_refresh_\w+$/),
      });
      expect(await session?.push(`${team}/dora/image`)).toMatchObject({ exitCode: 0 });
      await rows.disable(login.user);
      const refused = await session?.push(`${team}/dora-again/image`);
      await session?.stop();
      expect(refused?.output).toMatch(/unauthorized|log in again/);
      expect(refused?.exitCode).not.toBe(0);
    });
  });
}

// --- mounts

const basic = ({ user, password }: Login) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });
const http = (headers: Readonly<Record<string, string>> = {}) => new HttpClient(world().registry.url, headers);

async function tokenFor(login: Login, scope: string): Promise<Readonly<Record<string, string>>> {
  const answer = await http(basic(login)).get(`/token?service=berth&scope=${encodeURIComponent(scope)}`);
  return bearer((answer.json() as { readonly token: string }).token);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("a mount from another repository", () => {
  const mount = (headers: Readonly<Record<string, string>>, from: string) => {
    const digest = world().image.blobs[0]?.digest ?? "";
    return http(headers).post(`/v2/${team}/mounts-${randomUUID()}/blobs/uploads/?mount=${digest}&from=${from}`);
  };

  test("that the user may pull from needs no upload", async () => {
    for (const node of [shelf, open, team])
      expect([node, (await mount(basic(world().anna), `${node}/image`)).status]).toEqual([node, 201]);
  });

  test("that the user may not pull from is an upload, as from one that is not there", async () => {
    for (const from of [`${vault}/image`, "absent/image", "NO/NAME"]) {
      const answer = await mount(basic(world().anna), from);
      expect([from, answer.status, answer.headers.get("range"), answer.text]).toEqual([from, 202, "0-0", ""]);
    }
  });

  test("that is not named needs no upload if the user may pull from one that has it", async () => {
    const { anna, client } = world();
    const blob = new Blob(["in the vault alone"]);
    const digest = sha256(await blob.bytes());
    await client.pushBlob(`${vault}/image`, blob, digest);
    const ask = () => http(basic(anna)).post(`/v2/${team}/unnamed/blobs/uploads/?mount=${digest}`);
    expect((await ask()).status).toBe(202);
    await client.pushBlob(`${shelf}/image`, blob, digest);
    expect((await ask()).status).toBe(201);
  });

  test("is an upload where the token is not for it", async () => {
    const { anna } = world();
    const own = await tokenFor(anna, `repository:${team}/x:pull,push`);
    // The token names one repository, the mount goes into it.
    const digest = world().image.blobs[0]?.digest ?? "";
    const ask = (headers: Readonly<Record<string, string>>) =>
      http(headers).post(`/v2/${team}/x/blobs/uploads/?mount=${digest}&from=${shelf}/image`);
    expect((await ask(own)).status).toBe(202);
    const both = await tokenFor(anna, `repository:${team}/x:pull,push repository:${shelf}/image:pull`);
    expect((await ask(both)).status).toBe(201);
  });

  crane.describe("by crane", () => {
    test("sends no layer", () =>
      withTap(async (host, tap) => {
        const { anna, client, image } = world();
        const env = { DOCKER_CONFIG: makeTemporaryFolder("crane") };
        const login = argv`auth login --username ${anna.user} --password-stdin ${host}`;
        await mustRun([crane.path, ...login], { env, input: anna.password });
        await mustRun(argv`${crane.path} copy ${host}/${shelf}/image:${TAG} ${host}/${team}/craned:${TAG}`, { env });
        expect(tap.sent()).toMatch(/POST \/v2\/team\/craned\/blobs\/uploads\/\?from=shelf%2Fimage&mount=sha256%3A/);
        expect(tap.sent()).not.toContain("PATCH ");
        await expectServed(client, `${team}/craned`, TAG, image);
        const copy = argv`copy ${host}/${vault}/image:${TAG} ${host}/${team}/stolen:${TAG}`;
        const refused = await runProgram([crane.path, ...copy], { env });
        expect(refused.output).toContain("NAME_UNKNOWN");
        expect(refused.exitCode).not.toBe(0);
      }));
  });

  for (const version of dockerVersions) {
    (root.isInstalled ? version.dockerd : root).describe(`by ${version.name}`, () => {
      test("becomes an upload where the user may not pull what another user pulled", () =>
        withTap(async (host, tap) => {
          const { anna, keeper, client } = world();
          const engine = await startDocker(version);
          const { docker, env } = engine;
          const run = (words: readonly string[], input?: string) =>
            mustRun([...docker, ...words], { env, ...(input !== undefined && { input }) });
          const logIn = ({ user, password }: Login) =>
            run(argv`login --username ${user} --password-stdin ${host}`, password);
          await logIn(keeper);
          await run(argv`pull --quiet ${host}/${vault}/image:${TAG}`);
          await logIn(anna);
          const target = `${team}/from-vault-${version.isLater ? "later" : "now"}`;
          await run(argv`tag ${host}/${vault}/image:${TAG} ${host}/${target}:${TAG}`);
          await run(argv`push ${host}/${target}:${TAG}`);
          await engine.stop();
          expect(tap.sent()).toMatch(new RegExp(`POST /v2/${target}/blobs/uploads/\\?\\S*from=vault(?:/|%2F)image`));
          expect(tap.sent()).toMatch(new RegExp(`(?:PATCH|PUT) /v2/${target}/blobs/uploads/`));
          expect(await client.listTags(target)).toEqual([TAG]);
        }));
    });
  }
});

// --- a token that ends before the upload does

/** A token of the registry's own key that was issued some time ago. */
async function tokenThatEndsIn(remainingMs: number, { user }: Login, repository: string) {
  const { metadata } = world().rows;
  const clock = { nowMs: () => Date.now() - LIFETIME_MS + remainingMs };
  const seal = new Seal(SECRET, "token keys", randomBytes);
  const keys = await SigningKeys.open({ metadata, seal, algorithm: "ES256", clock, log: logTo([]) });
  const options = { service: "berth", issuer: "berth", lifetimeMs: LIFETIME_MS, algorithm: "ES256" } as const;
  const issuer = new TokenIssuer({ keys, options, clock, newId: randomUUID });
  const account = await findAccount(metadata.reads, user);
  const access = [{ type: "repository", name: repository, actions: ["pull", "push"] }];
  const { token } = await issuer.issue({ subject: user, generation: account?.generation ?? -1, access });
  return bearer(token);
}

describe("a token that ends while its user uploads", () => {
  const repository = `${team}/slow`;
  const half = Buffer.alloc(50_000, "half");
  const digest = sha256(Buffer.concat([half, half]));
  const octets = { "content-type": "application/octet-stream" };
  const begin = async (client: HttpClient): Promise<string> => {
    const answer = await client.post(`/v2/${repository}/blobs/uploads/`);
    expect(answer.status).toBe(202);
    return answer.headers.get("location") ?? "";
  };
  const send = (client: HttpClient, url: string) => client.patch(url, { body: new Uint8Array(half), headers: octets });
  const finish = (client: HttpClient, url: string) =>
    client.put(`${url}${url.includes("?") ? "&" : "?"}digest=${digest}`);
  const expectEnded = (answer: Answer) => {
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
  };

  test("finishes the upload, and is good for nothing else", async () => {
    const { anna, keeper } = world();
    const slow = http(await tokenThatEndsIn(3000, anna, repository));
    const [mine, anothers] = [await begin(slow), await begin(http(basic(keeper)))];
    expect((await send(slow, mine)).status).toBe(202);
    await until("the token has ended", async () => (await slow.get("/v2/")).status === 401);
    const later = await begin(http(basic(anna)));

    expect((await send(slow, mine)).status).toBe(202);
    for (const url of [anothers, later]) {
      expectEnded(await send(slow, url));
      expectEnded(await slow.get(url));
      expectEnded(await finish(slow, url));
    }
    expectEnded(await slow.post(`/v2/${repository}/blobs/uploads/`));
    expectEnded(await slow.put(`/v2/${repository}/manifests/1`, { body: "{}" }));
    const done = await finish(slow, mine);
    expect([done.status, done.headers.get("docker-content-digest")]).toEqual([201, digest]);
    expectEnded(await slow.head(`/v2/${repository}/blobs/${digest}`));
  });

  test("finishes no upload when the user has lost the right, or is disabled", async () => {
    const { rows } = world();
    const login = loginOf("leaver");
    await rows.user(login.user, login.password);
    await rows.role(team, `user:${login.user}`, "writer");
    const slow = http(await tokenThatEndsIn(2500, login, repository));
    const uploads = `/v2/${repository}/blobs/uploads/`;
    await until("the role counts", async () => (await slow.post(uploads)).status === 202);
    const upload = await begin(slow);
    await until("the token has ended", async () => (await slow.get("/v2/")).status === 401);
    await rows.role(team, `user:${login.user}`, undefined);
    await until("the role is gone", async () => (await send(slow, upload)).status === 401);
    await rows.role(team, `user:${login.user}`, "writer");
    await until("the role is back", async () => (await slow.get(upload)).status === 204);
    await rows.disable(login.user);
    await until("the user is disabled", async () => (await slow.get(upload)).status === 401);
    expectEnded(await finish(slow, upload));
  });
});
