import { deepEqual, equal, ok } from "node:assert/strict";
import { isIP } from "node:net";

import { isHost } from "../../../src/http/forwarded.ts";
import { Networks } from "../../../src/runtime/networks.ts";
import { readOfferedProtocols } from "../../../src/http/listener/client-hello.ts";
import { maskTarget } from "../../../src/http/observation/mask-target.ts";
import { pathOf, targetOf } from "../../../src/http/request-target.ts";
import { readBody } from "../../../src/http/read-body.ts";
import { RegistryError } from "../../../src/oci/index.ts";
import { seenClient } from "../../support/seen-client.ts";
import { PATHS } from "../corpus/texts.ts";
import { bytesOf, checkRefusal, headersOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

const proxies = new Networks(["10.0.0.0/8", "fd00::/8"]);

export const forwarded: FuzzTarget = {
  name: "forwarded",
  corpus: [
    "X-Forwarded-For: 203.0.113.7, 10.0.0.2\nX-Forwarded-Proto: https\nX-Forwarded-Host: registry.example",
    "Forwarded: for=203.0.113.7;proto=https;host=registry.example:8443",
    'Forwarded: For="[2001:db8:cafe::17]:4711";Proto=http, for=10.0.0.3;by="_hidden"',
    "X-Real-IP: 2001:db8::1\nX-Forwarded-Proto: http, https",
    "X-Forwarded-For: unknown, fe80::1%eth0, 192.0.2.1:80\nForwarded: for=9.9.9.9",
    "Host: [2001:db8::1]:5000\nX-Forwarded-Host: a, b, c",
  ],
  words: [
    "Forwarded: ",
    "X-Forwarded-For: ",
    "X-Forwarded-Host: ",
    "\n",
    ", ",
    ";",
    "for=",
    "host=",
    '"',
    "[::1]",
    "%25",
    ":65536",
  ],
  maxLength: 16_384,
  testInputs: 20_000,
  check(text) {
    const headers = headerLines(text);
    if (headers === undefined) return;
    const request = new Request("http://registry.internal/v2/", { headers });
    const sentHost = headers.get("host") ?? "";
    for (const tls of [false, true]) {
      const scheme = tls ? "https" : "http";
      const stranger = { address: "192.0.2.9", tls };
      const direct = seenClient(request, stranger, proxies);
      deepEqual([direct.scheme, direct.host, direct.address], [scheme, sentHost, "192.0.2.9"]);
      const view = seenClient(request, { address: "10.0.0.1", tls }, proxies);
      ok(view.scheme === "http" || view.scheme === "https");
      ok(isIP(view.address ?? "") > 0, `${view.address} is no address`);
      ok(view.host === sentHost || isHost(view.host));
      if (isHost(view.host)) ok(URL.canParse(`${view.scheme}://a/`) && !/[\s/\\@?#<>"]/.test(view.host));
    }
  },
};

function headerLines(text: string): Headers | undefined {
  const fields: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (/^(?:host|forwarded|x-forwarded-(?:for|host|proto)|x-real-ip)$/.test(name))
      fields[name] = [fields[name] ?? [], line.slice(colon + 1)].flat().join(",");
  }
  return headersOf(fields);
}

export const targets: FuzzTarget = {
  name: "targets",
  corpus: [...PATHS, "/v2/?token=secret", "/token?service=a&password=b#?code=c", "http://other.example/v2/", "*"],
  words: ["?", "#", "&", "=", "token=", "password", "%3d", "://", "//", "@"],
  testInputs: 20_000,
  check(text) {
    const isUrl = URL.canParse(text, "http://registry.example");
    const url = isUrl ? new Request(new URL(text, "http://registry.example").href).url : "/";
    for (const from of [url, `/${text}`]) {
      const target = targetOf(from);
      ok(target.startsWith("/"), `the target ${target} of ${from}`);
      ok(target.startsWith(pathOf(target)) && !pathOf(target).includes("?"));
      checkMasked(target);
    }
  },
};

function checkMasked(target: string): void {
  const secret = "s3cr3t-0f-n0body";
  const query = target.includes("?") ? target.slice(target.indexOf("?")) : "?";
  for (const name of ["token", "client_secret", "password", "code"])
    ok(!maskTarget(`/${query}&${name}=${secret}`).includes(secret), "a secret is written down");
  equal(maskTarget(pathOf(target)), pathOf(target));
}

/** A hello as browsers and ACME servers write it: extensions with their length, among them these protocols. */
function clientHello(protocols: readonly string[]): string {
  const withLength = (bytes: number[], lengthBytes: number) => [
    ...[bytes.length >> 16, bytes.length >> 8, bytes.length].slice(3 - lengthBytes).map((part) => part & 0xff),
    ...bytes,
  ];
  const text = (value: string) => [...Buffer.from(value)];
  const extension = (type: number, body: number[]) => [0, type, ...withLength(body, 2)];
  const names = protocols.flatMap((name) => withLength(text(name), 1));
  const serverName = withLength([0, ...withLength(text("registry.example"), 2)], 2);
  const extensions = [extension(0, serverName), extension(16, withLength(names, 2)), extension(43, [2, 3, 4])].flat();
  const random = Array.from({ length: 32 }, (_, index) => index);
  const hello = [
    3,
    3,
    ...random,
    ...withLength(random, 1),
    ...withLength([19, 1, 19, 2], 2),
    1,
    0,
    ...withLength(extensions, 2),
  ];
  return Buffer.from([22, 3, 1, ...withLength([1, ...withLength(hello, 3)], 2)]).toString("latin1");
}

export const clientHellos: FuzzTarget = {
  name: "client-hellos",
  corpus: [
    clientHello(["acme-tls/1"]),
    clientHello(["h2", "http/1.1"]),
    clientHello([]),
    clientHello(Array.from({ length: 50 }, (_, index) => `protocol-${index}`)),
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  ],
  words: ["\x16\x03\x01", "\0\x10", "\0\0", "\xff\xff", "\x0aacme-tls/1", "\x01\0\0"],
  maxLength: 8192,
  testInputs: 20_000,
  check(text) {
    const bytes = bytesOf(text);
    const protocols = readOfferedProtocols(bytes);
    for (const name of protocols ?? []) {
      ok(name.length <= 255);
      ok(bytes.includes(Buffer.from(name, "latin1")), `${name} was not offered`);
    }
    // What is decided early stays: more bytes never change it.
    for (let length = bytes.length; length > 0; length = Math.floor(length / 2)) {
      const early = readOfferedProtocols(bytes.subarray(0, length));
      if (early !== undefined) deepEqual(early, protocols);
      const late = readOfferedProtocols(Buffer.concat([bytes, bytes.subarray(0, length)]));
      if (protocols !== undefined) deepEqual(late, protocols);
    }
  },
};

const MOST_BYTES = 100;

export const limitedBodies: FuzzTarget = {
  name: "limited-bodies",
  corpus: ["", "short", "x".repeat(MOST_BYTES), "x".repeat(MOST_BYTES + 1), "x".repeat(1000)],
  maxLength: 4096,
  testInputs: 4_000,
  async check(text) {
    const bytes = new Uint8Array(bytesOf(text));
    const pieceBytes = 1 + (bytes.length % 37);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let place = 0; place < bytes.length; place += pieceBytes)
          controller.enqueue(bytes.slice(place, place + pieceBytes));
        controller.close();
      },
    });
    try {
      const tooLarge = () => new RegistryError("request-too-large", "too much");
      const read = await readBody(new Request("http://a/", { method: "PUT", body }), MOST_BYTES, tooLarge);
      ok(bytes.length <= MOST_BYTES && Buffer.from(read).equals(bytes));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      checkRefusal(error, ["request-too-large"]);
      ok(bytes.length > MOST_BYTES);
    }
  },
};
