import { describe, expect, test } from "bun:test";
import type { HttpError } from "../../../../src/http/http-error.ts";
import { RateLimits, type RateLimitOptions } from "../../../../src/http/rate-limits/index.ts";
import { RegistryError } from "../../../../src/oci/index.ts";

const MINUTE = 60_000;
const two = { requests: 2, periodMs: MINUTE };

function limit(options: Partial<RateLimitOptions>) {
  const time = { ms: 0 };
  const limits = new RateLimits({ pulls: {}, exempt: [], ...options }, { stopwatchMs: () => time.ms, processes: 1 });
  return { time, limits };
}

interface Asked {
  readonly user?: string;
  /** Absent: one like any other; `undefined`: not known. */
  readonly address?: string | undefined;
  readonly method?: string;
  readonly endpoint?: string;
}

/** Seconds to wait, or the number of headers that the answer gets. */
function ask(limits: RateLimits, asked: Asked) {
  try {
    const pull = limits.admit({ user: undefined, address: "192.0.2.1", method: "GET", endpoint: "tags", ...asked });
    const headers = new Headers();
    pull?.settle({ status: 200, headers });
    return [...headers].length;
  } catch (error) {
    expect(error).toMatchObject({ kind: "too-many-requests" });
    return `wait ${(error as HttpError).headers["Retry-After"]} s`;
  }
}

describe("requests", () => {
  test("are counted for each address that sends no credentials, and come again evenly", () => {
    const { limits, time } = limit({ anonymous: two });
    expect([ask(limits, {}), ask(limits, {}), ask(limits, {})]).toEqual([0, 0, "wait 30 s"]);
    expect(ask(limits, { address: "192.0.2.2" })).toBe(0);
    time.ms += 29_001;
    expect(ask(limits, {})).toBe("wait 1 s");
    time.ms += 999;
    expect(ask(limits, {})).toBe(0);
  });

  test("of IPv6 are counted for each /64", () => {
    const { limits } = limit({ anonymous: two });
    const asked = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"];
    expect(asked.map((address) => ask(limits, { address }))).toEqual([0, 0, "wait 30 s", 0]);
  });

  test("are counted for each user whatever the address, and not for that", () => {
    const { limits } = limit({ users: two, anonymous: two });
    const asked = ["192.0.2.1", "192.0.2.2", "192.0.2.1"];
    expect(asked.map((address) => ask(limits, { address, user: "alice" }))).toEqual([0, 0, "wait 30 s"]);
    expect([ask(limits, { user: "bob" }), ask(limits, {}), ask(limits, {})]).toEqual([0, 0, 0]);
  });

  test("that ask how to sign in are not counted", () => {
    const { limits } = limit({ anonymous: two, users: two });
    const asked = [1, 2, 3].map(() => ask(limits, { endpoint: "base" }));
    expect(asked).toEqual([0, 0, 0]);
    const signedIn = [1, 2, 3].map(() => ask(limits, { endpoint: "base", user: "alice" }));
    expect(signedIn).toEqual([0, 0, "wait 30 s"]);
  });

  test("of exempt networks and of whom no address is known of are not counted", () => {
    const { limits } = limit({ anonymous: two, users: two, exempt: ["10.0.0.0/8", "2001:db8::/32"] });
    for (const address of ["10.1.2.3", "2001:db8::7", undefined])
      expect([1, 2, 3].map(() => ask(limits, { address }))).toEqual([0, 0, 0]);
    expect([1, 2, 3].map(() => ask(limits, { address: "10.1.2.3", user: "alice" }))).toEqual([0, 0, 0]);
  });
});

describe("pulls", () => {
  const manifest = (method: string, more: Asked = {}) => ({ method, endpoint: "manifest", ...more });

  test("are GET of manifests and nothing else", () => {
    const { limits } = limit({ pulls: { anonymous: two } });
    for (const method of ["HEAD", "PUT", "DELETE"])
      for (let count = 0; count < 5; count++) expect(ask(limits, manifest(method))).toBe(method === "HEAD" ? 3 : 0);
    for (let count = 0; count < 5; count++) expect(ask(limits, { endpoint: "blob" })).toBe(0);
    expect([1, 2, 3].map(() => ask(limits, manifest("GET")))).toEqual([3, 3, "wait 30 s"]);
    expect(ask(limits, manifest("HEAD"))).toBe(3);
  });

  test("have limits of their own for addresses and users", () => {
    const { limits } = limit({ pulls: { users: two } });
    expect([1, 2, 3].map(() => ask(limits, manifest("GET")))).toEqual([0, 0, 0]);
    expect([1, 2, 3].map(() => ask(limits, manifest("GET", { user: "alice" })))).toEqual([3, 3, "wait 30 s"]);
  });

  test("that got no manifest do not count", () => {
    const { limits } = limit({ pulls: { anonymous: two } });
    const pull = () => limits.admit({ user: undefined, address: "192.0.2.1", ...manifest("GET") });
    for (const status of [404, 401, 500, 404]) pull()?.settle({ status, headers: new Headers() });
    const headers = new Headers();
    pull()?.settle({ status: 304, headers });
    expect([...headers]).toEqual([
      ["docker-ratelimit-source", "192.0.2.1"],
      ["ratelimit-limit", "2;w=60"],
      ["ratelimit-remaining", "1;w=60"],
    ]);
  });

  test("name a user in what a header may hold", () => {
    const { limits } = limit({ pulls: { users: two } });
    const headers = new Headers();
    limits.admit({ user: "jürgen\r\nx: y", address: undefined, ...manifest("HEAD") })?.settle({ status: 200, headers });
    expect(headers.get("docker-ratelimit-source")).toBe("j?rgen??x:?y");
  });
});

describe("wrong passwords", () => {
  const failed = new RegistryError("login-failed", "wrong");
  const wrong = () => Promise.reject(failed);
  const wrongAtOnce = () => {
    throw failed;
  };
  const kindOf = async (attempt: () => unknown) => {
    try {
      return await attempt();
    } catch (error) {
      return (error as RegistryError).kind;
    }
  };

  test("are counted for each address, however soon they are known", async () => {
    const { limits, time } = limit({ signIns: two });
    const from = (address: string, attempt: () => unknown) => kindOf(() => limits.signingIn(address, attempt));
    expect(await from("192.0.2.1", wrong)).toBe("login-failed");
    expect(await from("192.0.2.1", wrongAtOnce)).toBe("login-failed");
    expect(await from("192.0.2.1", () => "right")).toBe("too-many-requests");
    expect(await from("192.0.2.2", () => "right")).toBe("right");
    time.ms += 30_000;
    expect(await from("192.0.2.1", () => "right")).toBe("right");
  });

  test("that come at the same time are owed", async () => {
    const { limits, time } = limit({ signIns: two });
    const from = (attempt: () => unknown) => kindOf(() => limits.signingIn("192.0.2.1", attempt));
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => from(wrong))))).toEqual(
      new Set(["login-failed"]),
    );
    time.ms += 89_000;
    expect(await from(() => "right")).toBe("too-many-requests");
    time.ms += 1000;
    expect(await from(() => "right")).toBe("right");
  });

  test("alone count: not what is right, nor what could not be found out", async () => {
    const { limits } = limit({ signIns: two });
    const unavailable = () => Promise.reject(new RegistryError("unavailable", "no answer"));
    for (let count = 0; count < 5; count++) {
      expect(await kindOf(() => limits.signingIn("192.0.2.1", () => Promise.resolve("right")))).toBe("right");
      expect(await kindOf(() => limits.signingIn("192.0.2.1", unavailable))).toBe("unavailable");
    }
  });
});
