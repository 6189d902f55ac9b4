import { ANONYMOUS, EVERYBODY } from "../../src/access/index.ts";
import { createRequestHandler, type Edge } from "../../src/http/index.ts";
import type { Registry } from "../../src/registry/index.ts";

/** An edge that lets everybody in and tells nobody, but for what a test wants otherwise. */
export function edgeUnderTest(registry: Registry, { options, ...more }: PartialEdge = {}): Edge {
  return {
    registry,
    emptyRegistry: () => Promise.resolve(registry),
    authenticator: {
      challenge: () => 'Basic realm="Registry"',
      authenticate: () => ({ ...EVERYBODY, principal: ANONYMOUS }),
    },
    options: {
      prefix: "/",
      publicOrigin: undefined,
      relativeUrls: false,
      headers: {},
      trustedProxies: [],
      maxCatalogEntries: 100,
      maxTags: 100,
      amd64Fallback: false,
      ...options,
    },
    clock: { nowMs: () => 0 },
    stopwatchMs: () => 0,
    newRequestId: () => "request-1",
    pages: new Map(),
    doors: [],
    findFault: () => undefined,
    metrics: { requestStarted: () => undefined, requestFinished: () => undefined },
    tracing: undefined,
    observe: () => undefined,
    ...more,
  };
}

type PartialEdge = Partial<Omit<Edge, "options">> & { readonly options?: Partial<Edge["options"]> };

/** Asks an edge. `from`: the address of the client; `""`: it comes by a unix socket. */
export function askerOf(
  edge: Edge,
): (path: string, init?: RequestInit & { readonly from?: string }) => Promise<Response> {
  const handle = createRequestHandler(edge);
  return async (path, { from = "192.0.2.1", ...init } = {}) => {
    const headers = new Headers(init.headers);
    headers.set("host", "registry.test");
    return handle(new Request(`http://registry.test${path}`, { ...init, headers }), {
      remoteAddress: from,
      remotePort: 1,
      tls: false,
      expectLongTransfer: () => undefined,
      withoutIdleTimeout: (work) => work(),
    });
  };
}
