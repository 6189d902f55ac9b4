import { afterAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { createSafeFetch, OutboundError, type SafeFetchOptions } from "../../../../src/runtime/index.ts";
import { AddressGuard } from "../../../../src/runtime/outbound/address-guard.ts";
import { makeCertificates } from "../../../support/certificates.ts";

const LOOPBACK = ["127.0.0.0/8"];
const LIMITS = { timeoutMs: 10_000, maxBytes: 10_000 };

const answers: Readonly<Record<string, () => Response | Promise<Response>>> = {
  "/json": () => Response.json({ a: 1 }),
  "/gzip": () => new Response(gzipSync("x".repeat(50_000)), { headers: { "Content-Encoding": "gzip" } }),
  "/long": () => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1000)) })),
  "/silent": () => new Promise<Response>(() => undefined),
  "/away": () => Response.redirect("/json"),
  "/empty": () => new Response(null, { status: 204 }),
};

function answer(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/echo") return echo(request);
  return answers[pathname]?.() ?? new Response("nothing", { status: 404 });
}

async function echo(request: Request): Promise<Response> {
  return Response.json({ host: request.headers.get("host"), method: request.method, body: await request.text() });
}

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
afterAll(() => server.stop(true));

function fetchWith(options: Partial<SafeFetchOptions> = {}) {
  return createSafeFetch({ ...LIMITS, allowHttp: true, allowedNetworks: LOOPBACK, ...options });
}

const urlOf = (path: string, host = "127.0.0.1") => `http://${host}:${server.port}${path}`;

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OutboundError) return error.reason;
    throw error;
  }
  return "answered";
}

describe("an address", () => {
  const guard = new AddressGuard([]);

  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "ff02::1",
    "localhost",
    "",
  ])("%s is not asked", (address) => expect(guard.mayReach(address)).toBe(false));

  test.each(["8.8.8.8", "172.15.255.255", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1", "2a00::1"])(
    "%s is public",
    (address) => expect(guard.mayReach(address)).toBe(true),
  );

  test("is asked where its network is allowed, and no other", () => {
    const allowing = new AddressGuard(["10.1.0.0/16", "::1", "fd00::/8"]);
    for (const address of ["10.1.2.3", "::1", "fd12::1", "8.8.8.8"]) expect(allowing.mayReach(address)).toBe(true);
    for (const address of ["10.2.0.1", "::2", "fc00::1", "127.0.0.1"]) expect(allowing.mayReach(address)).toBe(false);
  });
});

describe("a guarded request", () => {
  test("answers as any other", async () => {
    const response = await fetchWith()(urlOf("/json"));
    expect([response.status, await response.json()]).toEqual([200, { a: 1 }]);
    expect((await fetchWith()(urlOf("/nothing"))).status).toBe(404);
    expect((await fetchWith()(urlOf("/empty"))).status).toBe(204);
  });

  test("sends what it is told, with the name of the host", async () => {
    const resolve = () => Promise.resolve(["127.0.0.1"]);
    const request = { method: "POST", body: new URLSearchParams({ a: "1" }), headers: { Host: "other.example" } };
    const response = await fetchWith({ resolve })(urlOf("/echo", "idp.example"), request);
    expect(await response.json()).toEqual({ host: `idp.example:${server.port}`, method: "POST", body: "a=1" });
  });

  test("does not go to an address inside, by whatever name", async () => {
    const strict = fetchWith({ allowedNetworks: [] });
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"])
      expect([host, await reasonOf(strict(urlOf("/json", host)))]).toEqual([host, "forbidden"]);
  });

  test("does not go to a host of which one address is inside", async () => {
    const resolve = () => Promise.resolve(["8.8.8.8", "169.254.169.254"]);
    expect(await reasonOf(fetchWith({ resolve })(urlOf("/json", "rebind.example")))).toBe("forbidden");
  });

  test("asks for the addresses once, and goes to what was checked", async () => {
    let asked = 0;
    const resolve = () => Promise.resolve(asked++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"]);
    expect((await fetchWith({ resolve })(urlOf("/json", "rebind.example"))).status).toBe(200);
    expect(asked).toBe(1);
  });

  test("goes on to the next address where nobody listens", async () => {
    const resolve = () => Promise.resolve(["127.0.0.2", "127.0.0.1"]);
    expect((await fetchWith({ resolve })(urlOf("/json", "two.example"))).status).toBe(200);
  });

  test("speaks plain HTTP only where that is allowed, and nothing else at all", async () => {
    expect(await reasonOf(fetchWith({ allowHttp: false })(urlOf("/json")))).toBe("forbidden");
    expect(await reasonOf(fetchWith()("file:///etc/passwd"))).toBe("forbidden");
    expect(await reasonOf(fetchWith()(urlOf("/json", "user:secret@127.0.0.1")))).toBe("forbidden");
  });

  test("follows no redirect", async () => expect((await fetchWith()(urlOf("/away"))).status).toBe(302));

  test("reads no more than its limit, unpacked", async () => {
    for (const path of ["/long", "/gzip"]) expect(await reasonOf(fetchWith()(urlOf(path)))).toBe("too-large");
    expect(await (await fetchWith({ maxBytes: 50_000 })(urlOf("/gzip"))).text()).toHaveLength(50_000);
  });

  test("ends after its time", async () => {
    expect(await reasonOf(fetchWith({ timeoutMs: 50 })(urlOf("/silent")))).toBe("timeout");
    const resolve = () => new Promise<never>(() => undefined);
    expect(await reasonOf(fetchWith({ timeoutMs: 50, resolve })(urlOf("/json", "slow.example")))).toBe("timeout");
  });

  test("says when nobody is there", async () => {
    const resolve = () => Promise.reject(new Error("ENOTFOUND"));
    expect(await reasonOf(fetchWith({ resolve })(urlOf("/json", "none.example")))).toBe("unreachable");
    expect(await reasonOf(fetchWith({ resolve: () => Promise.resolve([]) })(urlOf("/", "a.example")))).toBe(
      "unreachable",
    );
  });
});

describe("over TLS", () => {
  const served = Promise.all([makeCertificates(), makeCertificates()]).then(([own, other]) => {
    const tls = { cert: Bun.file(own.certificate), key: Bun.file(own.key) };
    return { own, other, server: Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: answer }) };
  });
  afterAll(async () => (await served).server.stop(true));

  const ask = async (host: string, authority: "own" | "other") => {
    const { [authority]: certificates, server } = await served;
    const ca = await Bun.file(certificates.authority).text();
    const resolve = () => Promise.resolve(["127.0.0.1"]);
    return reasonOf(fetchWith({ allowHttp: false, ca, resolve })(`https://${host}:${server.port}/json`));
  };

  test("the certificate must be for the name that was asked for, not for the address", async () => {
    expect(await ask("localhost", "own")).toBe("answered");
    expect(await ask("127.0.0.1", "own")).toBe("answered");
    expect(await ask("idp.example", "own")).toBe("unreachable");
  });

  test("the authority must be the one that is believed", async () =>
    expect(await ask("localhost", "other")).toBe("unreachable"));
});
