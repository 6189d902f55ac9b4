import { afterAll, describe, expect, test } from "bun:test";
import { HttpConnection, pathOf, readAnswer } from "../../../../bench/load/http-connection.ts";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    "/echo": async (request) =>
      new Response(await request.bytes(), { status: 201, headers: { Location: "/next?a=b" } }),
    "/chunks": () => new Response(piecewise(["one ", "two ", "three"])),
    "/large": new Response(new Uint8Array(5_000_000)),
    "/nothing": new Response(null, { status: 204 }),
  },
  fetch: () => new Response("no", { status: 404 }),
});
afterAll(() => server.stop(true));

async function* piecewise(pieces: readonly string[]) {
  for (const piece of pieces) {
    yield piece;
    await Bun.sleep(1);
  }
}

describe("HttpConnection", () => {
  test("asks one thing after the other over one connection", async () => {
    const connection = await HttpConnection.open(server.port ?? 0);
    const body = Buffer.alloc(3_000_000, "berth");
    const echo = await connection.ask({ method: "PUT", path: "/echo", contentType: "text/plain", body });
    expect(echo.status).toBe(201);
    expect(echo.headers.get("location")).toBe("/next?a=b");
    expect(echo.body.equals(body)).toBe(true);
    expect((await connection.ask({ method: "GET", path: "/chunks" })).body.toString()).toContain("three");
    expect((await connection.ask({ method: "HEAD", path: "/missing" })).status).toBe(404);
    expect((await connection.ask({ method: "GET", path: "/nothing" })).status).toBe(204);
    expect((await connection.ask({ method: "GET", path: "/missing" })).body.toString()).toBe("no");
    connection.close();
  });

  test("drops a body and is ready for the next question", async () => {
    const connection = await HttpConnection.open(server.port ?? 0);
    const dropped = await connection.ask({ method: "GET", path: "/large", dropBody: true });
    expect(dropped.status).toBe(200);
    expect(dropped.headers.get("content-length")).toBe("5000000");
    expect(dropped.body.length).toBe(0);
    expect((await connection.ask({ method: "GET", path: "/missing" })).body.toString()).toBe("no");
    expect((await connection.ask({ method: "GET", path: "/large" })).body.length).toBe(5_000_000);
    connection.close();
  });

  test("says when the server goes away", async () => {
    const silent = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.end() },
    });
    const connection = await HttpConnection.open(silent.port);
    const failure = await connection.ask({ method: "GET", path: "/" }).catch((error: unknown) => error);
    expect(String(failure)).toContain("the server closed the connection");
    silent.stop(true);
  });
});

test("an answer is complete with its last byte and not before", () => {
  const whole = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  for (let length = 0; length < whole.length; length += 1) {
    expect(readAnswer(whole.subarray(0, length), false)).toBeUndefined();
  }
  expect(readAnswer(whole, false)?.body.toString()).toBe("body");
  expect(readAnswer(whole.subarray(0, -4), true)?.status).toBe(200);
});

test("a URL's path keeps its query", () => {
  expect(pathOf("http://127.0.0.1:5000/v2/a/blobs/uploads/1?_state=x%3D")).toBe("/v2/a/blobs/uploads/1?_state=x%3D");
  expect(pathOf("/v2/")).toBe("/v2/");
});
