import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { ListenError } from "../../../../src/http/listener/index.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until as soon } from "../../../support/until.ts";
import { type Fetch, openListening } from "./listening.ts";

const { listen, dial, close, problems } = openListening();

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: registry.example\r\n\r\n`;

afterEach(close);

const until = (isTrue: () => boolean) => soon(String(isTrue), isTrue);

describe("a listener", () => {
  test("tells who is connected, without TLS", async () => {
    const listener = await listen((_request, { remoteAddress, remotePort, tls }) =>
      Response.json({ remoteAddress, remotePort, tls }),
    );
    const seen: unknown = await (await fetch(listener.url)).json();
    expect(seen).toEqual({ remoteAddress: "127.0.0.1", remotePort: expect.any(Number), tls: false });
  });

  test("tells it also of a client that went before its answer", async () => {
    const left = Promise.withResolvers<string>();
    const listener = await listen(async (request, connection) => {
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      left.resolve(connection.remoteAddress);
      return new Response();
    });
    const { socket } = await dial(listener, get("/"));
    await until(() => listener.pendingRequests === 1);
    socket.destroy();
    expect(await left.promise).toBe("127.0.0.1");
  });

  test("without a hostname serves every address, and IPv4 clients are seen by their IPv4 address", async () => {
    const listener = await listen((_request, { remoteAddress }) => new Response(remoteAddress), {
      address: { hostname: "", port: 0 },
    });
    const response = await fetch(`http://127.0.0.1:${listener.port}/`);
    expect(await response.text()).toBe("127.0.0.1");
    expect(listener.url.href).toBe(`http://localhost:${listener.port}/`);
  });

  test("on a unix socket knows no peer, and leaves no file behind", async () => {
    const unixSocketPath = join(makeTemporaryFolder("socket"), "berth.sock");
    const listener = await listen(
      (_request, { remoteAddress, remotePort }) => Response.json([remoteAddress, remotePort]),
      {
        address: { unixSocketPath },
      },
    );
    const response = await fetch("http://registry.example/", { unix: unixSocketPath });
    expect(await response.json()).toEqual(["", 0]);
    expect(listener.port).toBeUndefined();
    await listener.stop(0);
    expect(await Bun.file(unixSocketPath).exists()).toBe(false);
  });

  test("says which address is taken", async () => {
    const first = await listen(() => new Response());
    const second = listen(() => new Response(), { address: { hostname: "127.0.0.1", port: first.port ?? 0 } });
    expect(await second.catch((error: unknown) => error)).toMatchObject({
      reason: "in-use",
      message: `127.0.0.1:${first.port} is in use by another program`,
    });
    expect(await second.catch((error: unknown) => error)).toBeInstanceOf(ListenError);
  });

  test("says that an address is not of this machine", async () => {
    const error = await listen(() => new Response(), { address: { hostname: "192.0.2.1", port: 0 } }).catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ reason: "no-such-address" });
  });

  test("turns what the handler lets out into a bare 500, and reports it", async () => {
    const failure = new Error("secret");
    const listener = await listen(() => {
      throw failure;
    });
    const response = await fetch(listener.url);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("");
    expect(problems).toEqual([{ message: expect.any(String), cause: failure }]);
  });

  test("lets the caller word the answer to a file that went away", async () => {
    const listener = await listen(() => new Response(Bun.file("/nonexistent/blob")), {
      answerError: () => new Response("gone", { status: 503 }),
    });
    const response = await fetch(listener.url);
    expect([response.status, await response.text()]).toEqual([503, "gone"]);
  });
});

describe("limits", () => {
  const withHeader = (lengthBytes: number) => `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"a".repeat(lengthBytes)}\r\n\r\n`;

  test("a head above 16 KiB is answered with 431", async () => {
    const listener = await listen(() => new Response("fits"));
    const fits = await dial(listener, withHeader(15_000));
    await until(() => fits.received().includes("fits"));
    const tooLong = await dial(listener, withHeader(17_000));
    await tooLong.ended;
    expect(tooLong.received()).toStartWith("HTTP/1.1 431 ");
  });

  test("a body of more than Bun's 128 MiB is taken", async () => {
    const listener = await listen(async (request) => {
      let lengthBytes = 0;
      for await (const chunk of request.body ?? []) lengthBytes += chunk.length;
      return new Response(String(lengthBytes));
    });
    const body = new Uint8Array(130 * 1024 * 1024);
    expect(await (await fetch(listener.url, { method: "PUT", body })).text()).toBe(String(body.length));
  });
});

describe("a graceful stop", () => {
  /** A handler that answers when it is told to. */
  function gate(): { fetch: Fetch; entered: Promise<void>; open: () => void } {
    const entered = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const fetch = async (request: Request) => {
      if (request.url.endsWith("/quick")) return new Response("quick");
      entered.resolve();
      await opened.promise;
      return new Response("whole answer");
    };
    return { fetch, entered: entered.promise, open: () => opened.resolve() };
  }

  test("closes idle connections, takes no new ones and lets running requests end", async () => {
    const { fetch: handle, entered, open } = gate();
    const listener = await listen(handle);
    const idle = await dial(listener, get("/quick"));
    await until(() => idle.received().includes("quick"));
    const running = await dial(listener, get("/slow"));
    await entered;
    const stopped = listener.stop(60_000);
    await idle.ended;
    expect(await fetch(listener.url).catch((error: unknown) => error)).toMatchObject({ code: "ECONNREFUSED" });
    expect(listener.pendingRequests).toBe(1);
    open();
    expect(await stopped).toEqual({ cutRequests: 0 });
    await running.ended;
    expect(running.received()).toEndWith("whole answer");
  });

  test("lets a download end that its client reads slowly", async () => {
    const body = new Uint8Array(24 * 1024 * 1024);
    const listener = await listen(() => new Response(body));
    const client = await dial(listener);
    let receivedBytes = 0;
    client.socket.removeAllListeners("data");
    client.socket.pause();
    client.socket.write(get("/"));
    await until(() => listener.pendingRequests === 1);
    const stopped = listener.stop(60_000);
    client.socket.on("data", (chunk) => (receivedBytes += chunk.length));
    client.socket.resume();
    expect(await stopped).toEqual({ cutRequests: 0 });
    await client.ended;
    expect(receivedBytes).toBeGreaterThan(body.length);
  });

  test("cuts what still runs after the time-out, and says how much that was", async () => {
    const { fetch: handle, entered } = gate();
    const listener = await listen(handle);
    const running = await dial(listener, get("/slow"));
    await entered;
    expect(await listener.stop(50)).toEqual({ cutRequests: 1 });
    await running.ended;
    expect(running.received()).toBe("");
  });

  test("without time to drain cuts at once", async () => {
    const { fetch: handle, entered } = gate();
    const listener = await listen(handle);
    const running = await dial(listener, get("/slow"));
    await entered;
    expect(await listener.stop(0)).toEqual({ cutRequests: 1 });
    await running.ended;
  });

  test("does not wait for a client that has sent half a head", async () => {
    const listener = await listen(() => new Response());
    const client = await dial(listener, "GET / HTTP/1.1\r\nHos");
    await fetch(listener.url);
    expect(await listener.stop(60_000)).toEqual({ cutRequests: 0 });
    await client.ended;
  });

  test("asked for twice is one stop", async () => {
    const listener = await listen(() => new Response());
    expect(listener.stop(1000)).toBe(listener.stop(0));
  });
});
