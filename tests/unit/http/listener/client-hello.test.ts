import { describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import fc from "fast-check";

import { readOfferedProtocols } from "../../../../src/http/listener/client-hello.ts";

/** The first flight of a real client. */
async function captureHello(protocols: string[] | undefined): Promise<Buffer> {
  const captured = Promise.withResolvers<Buffer>();
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (_socket, data) => captured.resolve(Buffer.from(data)) },
  });
  const client = connect({
    host: "127.0.0.1",
    port: server.port,
    servername: "registry.example",
    ...(protocols && { ALPNProtocols: protocols }),
  });
  client.on("error", () => undefined);
  try {
    return await captured.promise;
  } finally {
    client.destroy();
    server.stop(true);
  }
}

describe("the protocols that a client offers", () => {
  test.each([[["acme-tls/1"]], [["h2", "http/1.1"]]])("are read from its hello: %j", async (protocols) => {
    expect(readOfferedProtocols(await captureHello(protocols))).toEqual(protocols);
  });

  test("are none when it offers none", async () => {
    expect(readOfferedProtocols(await captureHello(undefined))).toEqual([]);
  });

  test("are not known before the hello is complete", async () => {
    const hello = await captureHello(["acme-tls/1"]);
    for (let length = 0; length < hello.length; length += 1) {
      expect(readOfferedProtocols(hello.subarray(0, length))).toBeUndefined();
    }
  });

  test("are none in plain HTTP", () => {
    expect(readOfferedProtocols(Buffer.from("GET / HTTP/1.1\r\n\r\n"))).toEqual([]);
  });

  test("are a list or unknown, whatever the bytes", async () => {
    const hello = await captureHello(["acme-tls/1"]);
    const broken = fc.tuple(fc.nat(hello.length - 1), fc.nat(255)).map(([place, value]) => {
      const copy = Buffer.from(hello);
      copy[place] = value;
      return copy;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          broken,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const protocols = readOfferedProtocols(bytes);
          expect(protocols === undefined || Array.isArray(protocols)).toBe(true);
        },
      ),
    );
  });
});
