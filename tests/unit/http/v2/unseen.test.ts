import { afterAll, beforeAll, expect, test } from "bun:test";
import { AccessDirectory, type Caller } from "../../../../src/access/index.ts";
import { ANONYMOUS } from "../../../../src/access/principal.ts";
import { dispatch, ENDPOINTS } from "../../../../src/http/v2/dispatch.ts";
import { Transfer } from "../../../../src/http/transfer.ts";
import type { Exchange } from "../../../../src/http/v2/exchange.ts";
import { matchRoute, parseRoute } from "../../../../src/http/v2/match-route.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { nobody } from "../../../support/nobody.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PATHS = [
  "tags/list",
  "tags/list?n=1",
  "manifests/v1",
  `manifests/${DIGEST}`,
  `blobs/${DIGEST}`,
  `referrers/${DIGEST}`,
  "blobs/uploads/an-upload",
];

let memory: MemoryRegistry;
let empty: MemoryRegistry;
let callers: Readonly<Record<"stranger" | "reader" | "nobody", Caller>>;

beforeAll(async () => {
  [memory, empty] = [await openMemoryRegistry(), await openMemoryRegistry()];
  const { metadata, clock } = memory.registry;
  const directory = new AccessDirectory({ metadata, clock });
  const view = await directory.now();
  const person = { kind: "user", source: "local", account: undefined } as const;
  const access = [{ pathPattern: "**", actions: ["pull", "push", "delete"] as const }];
  const administrator = {
    id: 1,
    name: "reader",
    kind: "user",
    source: "local",
    systemRole: "administrator",
    ownerPath: undefined,
    groupIds: [],
    generation: 1,
    isDisabled: false,
    expiresAtMs: undefined,
    mustChangePassword: false,
  } as const;
  callers = {
    stranger: view.callerOf({ principal: { ...person, name: "stranger" } }),
    reader: view.callerOf({ principal: { ...person, name: "reader", account: administrator } }),
    nobody: view.callerOf({ principal: ANONYMOUS, token: { access, mayList: true } }),
  };
});
afterAll(() => Promise.all([memory.close(), empty.close()]));

/** Tells whether anything of it was used. */
function watched<T extends object>(value: T, onUse: (key: string) => void): T {
  return new Proxy(value, {
    get(target, key) {
      onUse(String(key));
      const found: unknown = Reflect.get(target, key);
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}

/** @returns how often rows or bytes of the registry were asked for */
async function usesOf(caller: Caller, method: string, path: string): Promise<number> {
  let uses = 0;
  const { registry } = memory;
  // Whether any name leads elsewhere is asked whoever asks for whichever.
  const hot = watched(registry.metadata.hot, (key) => (uses += key === "findCounter" ? 0 : 1));
  const metadata = watched(
    new Proxy(registry.metadata, { get: (target, key) => (key === "hot" ? hot : Reflect.get(target, key)) as unknown }),
    (key) => (uses += key === "hot" ? 0 : 1),
  );
  const storage = watched(registry.storage, () => uses++);
  const [pathname = "", search = ""] = path.split("?");
  const route = matchRoute(pathname);
  if (!route) throw new Error(`no route: ${path}`);
  const exchange: Exchange = {
    registry: { ...registry, metadata, storage },
    emptyRegistry: () => Promise.resolve(empty.registry),
    options: {
      prefix: "/",
      publicOrigin: undefined,
      relativeUrls: false,
      headers: {},
      trustedProxies: [],
      maxCatalogEntries: 100,
      maxTags: 100,
      amd64Fallback: false,
    },
    request: new Request(`http://registry.test${path}`, { method }),
    route: parseRoute(route),
    query: new URLSearchParams(search),
    caller,
    client: { origin: "", acting: () => nobody, address: undefined, requestId: "", clientCertificate: undefined },
    authenticator: { authenticate: () => caller },
    transfer: new Transfer({ expectLongTransfer: () => undefined, withoutIdleTimeout: (work) => work() }),
  };
  try {
    await dispatch(exchange);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  return uses;
}

// What is not looked at takes no time that could tell whether it is there.
test.each(PATHS)("to read %s of what one may not see touches no rows and no bytes", async (rest) => {
  for (const method of Object.keys(ENDPOINTS[matchRoute(`/v2/a/${rest.split("?")[0] ?? ""}`)?.kind ?? "base"]))
    for (const caller of [callers.stranger, callers.nobody]) {
      expect(`${method} ${await usesOf(caller, method, `/v2/team/app/${rest}`)}`).toBe(`${method} 0`);
    }
  expect(await usesOf(callers.reader, "GET", `/v2/team/app/${rest}`)).toBeGreaterThan(0);
});
