import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ANONYMOUS, EVERYBODY, type Principal } from "../../../../src/access/index.ts";
import type { Authenticator } from "../../../../src/auth/index.ts";
import { createRequestHandler, RateLimits, type RateLimitOptions } from "../../../../src/http/index.ts";
import { OCI_IMAGE_MANIFEST, parseReference, parseRepositoryName, RegistryError } from "../../../../src/oci/index.ts";
import { putManifest, putWholeBlob } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";

const CONFIG = contentOf("{}");
const IMAGE = imageManifest({ config: CONFIG, layers: [] });
const MANIFEST = "/v2/app/manifests/v1";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  const { registry } = memory;
  const repository = parseRepositoryName("app");
  await putWholeBlob(registry, { repository, digest: CONFIG.digest, body: new Blob([CONFIG.bytes]).stream() });
  const push = {
    repository,
    tags: [],
    contentType: OCI_IMAGE_MANIFEST,
    by: { actor: undefined, address: undefined, requestId: undefined },
  };
  await putManifest(registry, { ...push, reference: parseReference("v1"), body: IMAGE.bytes });
});
afterEach(() => memory.close());

/** Knows everybody whose password is `right`. */
const authenticator: Authenticator = {
  challenge: () => 'Basic realm="Registry"',
  async authenticate(authorization) {
    if (authorization === null) return { ...EVERYBODY, principal: ANONYMOUS };
    const [name = "", password] = atob(authorization.slice("Basic ".length)).split(":");
    await Promise.resolve();
    if (password !== "right") throw new RegistryError("login-failed", "wrong", { detail: name });
    const principal: Principal = { kind: "user", name, source: "local", account: undefined };
    return { ...EVERYBODY, principal };
  },
};

interface Ask {
  readonly method?: string;
  readonly login?: string;
  readonly from?: string;
}

function open(limits?: Partial<RateLimitOptions>, trustedProxies: readonly string[] = []) {
  const time = { ms: 0 };
  const stopwatchMs = () => time.ms;
  const handle = createRequestHandler({
    registry: memory.registry,
    emptyRegistry: () => Promise.resolve(memory.registry),
    authenticator,
    rateLimits: limits && new RateLimits({ pulls: {}, exempt: [], ...limits }, { stopwatchMs, processes: 1 }),
    options: {
      prefix: "/",
      publicOrigin: undefined,
      relativeUrls: false,
      headers: {},
      trustedProxies,
      maxCatalogEntries: 100,
      maxTags: 100,
      amd64Fallback: false,
    },
    clock: { nowMs: () => 0 },
    stopwatchMs,
    newRequestId: () => "request-1",
    pages: new Map(),
    doors: [],
    findFault: () => undefined,
    metrics: { requestStarted: () => undefined, requestFinished: () => undefined },
    tracing: undefined,
    observe: () => undefined,
  });
  const ask = async (path: string, { method = "GET", login, from = "192.0.2.1" }: Ask = {}) => {
    const headers = {
      host: "registry.test",
      ...(login && { authorization: `Basic ${btoa(login)}` }),
      ...(trustedProxies.length > 0 && { "x-forwarded-for": from }),
    };
    const answer = await handle(new Request(`http://registry.test${path}`, { method, headers }), {
      remoteAddress: trustedProxies.length > 0 ? "10.0.0.1" : from,
      remotePort: 1,
      tls: false,
      expectLongTransfer: () => undefined,
      withoutIdleTimeout: (work) => work(),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const statuses = async (path: string, count: number, more?: Ask) => {
    const found: number[] = [];
    for (let asked = 0; asked < count; asked++) found.push((await ask(path, more)).status);
    return found;
  };
  return { time, ask, statuses };
}

const two = { requests: 2, periodMs: 60_000 };
const pullHeaders = (headers: Headers) =>
  ["ratelimit-limit", "ratelimit-remaining", "docker-ratelimit-source"].map((name) => headers.get(name));

describe("without limits", () => {
  test("nothing is counted and nothing is told", async () => {
    const { ask, statuses } = open();
    expect(new Set(await statuses(MANIFEST, 20))).toEqual(new Set([200]));
    expect(pullHeaders((await ask(MANIFEST)).headers)).toEqual([null, null, null]);
  });
});

describe("a limit of requests", () => {
  test("is answered with 429 and when to come again", async () => {
    const { ask, statuses, time } = open({ anonymous: two });
    expect(await statuses("/v2/app/tags/list", 2)).toEqual([200, 200]);
    const refused = await ask("/v2/app/tags/list");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(JSON.parse(refused.text)).toMatchObject({
      errors: [{ code: "TOOMANYREQUESTS", message: "too many requests: try again in 30 s" }],
    });
    time.ms += 30_000;
    expect(await statuses("/v2/app/tags/list", 2)).toEqual([200, 429]);
  });

  test("lets clients ask how to sign in, and holds users to theirs", async () => {
    const { statuses } = open({ anonymous: two, users: two });
    expect(await statuses("/v2/", 5)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses("/v2/", 3, { login: "alice:right" })).toEqual([200, 200, 429]);
    expect(await statuses("/v2/", 1, { login: "alice:right", from: "192.0.2.9" })).toEqual([429]);
    expect(await statuses("/v2/", 1, { login: "bob:right" })).toEqual([200]);
  });

  test("is for the address that a trusted proxy tells", async () => {
    const { statuses } = open({ anonymous: two }, ["10.0.0.0/8"]);
    expect(await statuses(MANIFEST, 3)).toEqual([200, 200, 429]);
    expect(await statuses(MANIFEST, 1, { from: "192.0.2.2" })).toEqual([200]);
  });

  test("is for pages beside the registry API, too", async () => {
    const { statuses } = open({ anonymous: two });
    expect(await statuses("/nothing-here", 3)).toEqual([404, 404, 429]);
  });
});

describe("a limit of pulls", () => {
  test("is told as Docker Hub tells it, by HEAD without counting", async () => {
    const { ask } = open({ pulls: { anonymous: { requests: 100, periodMs: 6 * 3_600_000 } } });
    const told = async (method: string) => pullHeaders((await ask(MANIFEST, { method })).headers);
    expect(await told("HEAD")).toEqual(["100;w=21600", "100;w=21600", "192.0.2.1"]);
    expect(await told("GET")).toEqual(["100;w=21600", "99;w=21600", "192.0.2.1"]);
    expect(await told("HEAD")).toEqual(["100;w=21600", "99;w=21600", "192.0.2.1"]);
  });

  test("counts by tag and by digest, and not what is not there", async () => {
    const { ask, statuses } = open({ pulls: { anonymous: two } });
    expect(await statuses("/v2/app/manifests/gone", 4)).toEqual([404, 404, 404, 404]);
    expect(await statuses(`/v2/app/manifests/${IMAGE.digest}`, 1)).toEqual([200]);
    expect(await statuses(MANIFEST, 2)).toEqual([200, 429]);
    const refused = await ask(MANIFEST);
    expect(pullHeaders(refused.headers)).toEqual(["2;w=60", "0;w=60", "192.0.2.1"]);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await statuses(`/v2/app/blobs/${CONFIG.digest}`, 3)).toEqual([200, 200, 200]);
    expect(await statuses(MANIFEST, 1, { method: "HEAD" })).toEqual([200]);
  });

  test("names the user", async () => {
    const { ask } = open({ pulls: { users: two } });
    const { headers } = await ask(MANIFEST, { login: "alice:right" });
    expect(pullHeaders(headers)).toEqual(["2;w=60", "1;w=60", "alice"]);
    expect(pullHeaders((await ask(MANIFEST)).headers)).toEqual([null, null, null]);
  });
});

describe("a limit of wrong passwords", () => {
  test("stops all passwords of the address, right ones too, and nothing else", async () => {
    const { ask, statuses, time } = open({ signIns: two });
    expect(await statuses("/v2/", 3, { login: "alice:guess" })).toEqual([401, 401, 429]);
    const refused = await ask("/v2/", { login: "alice:right" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(await statuses("/v2/", 1, { login: "alice:right", from: "192.0.2.2" })).toEqual([200]);
    expect(await statuses("/v2/", 1)).toEqual([200]);
    time.ms += 30_000;
    expect(await statuses("/v2/", 20, { login: "alice:right" })).toEqual(Array.from({ length: 20 }, () => 200));
  });
});
