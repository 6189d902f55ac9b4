import { afterAll, expect, test } from "bun:test";

import { until as soon } from "../support/until.ts";
import { openListening } from "../unit/http/listener/listening.ts";

const { listen, dial, close } = openListening();

afterAll(close);

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: registry.example\r\n\r\n`;

const until = (isTrue: () => boolean) => soon(String(isTrue), isTrue);

const halfABody = "PUT /stall HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
const idle = { limits: { idleTimeoutMs: 4000 } };

test.concurrent("a client that stops in the middle of a body is cut, and the handler learns it", async () => {
  const failed = Promise.withResolvers<unknown>();
  const listener = await listen(async (request) => {
    await request.bytes().catch(failed.resolve);
    return new Response();
  }, idle);
  const client = await dial(listener, halfABody);
  await client.ended;
  expect(client.received()).toBe("");
  expect(await failed.promise).toMatchObject({ name: "AbortError" });
}, 20_000);

test.concurrent("an idle connection is closed, one whose request expects a long transfer is not", async () => {
  const stalled = Promise.withResolvers<void>();
  const listener = await listen(async (request, connection) => {
    if (request.url.endsWith("/idle")) return new Response();
    connection.expectLongTransfer();
    stalled.resolve();
    await request.bytes();
    return new Response("late but whole");
  }, idle);
  const patient = await dial(listener, halfABody);
  await stalled.promise;
  const quiet = await dial(listener, get("/idle"));
  await quiet.ended;
  patient.socket.write("defghij");
  await until(() => patient.received().includes("late but whole"));
}, 20_000);

test.concurrent("work without bytes may take longer than the idle time-out, which counts again afterwards", async () => {
  const working = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const listener = await listen(async (request, connection) => {
    if (request.url.endsWith("/idle")) return new Response();
    await connection.withoutIdleTimeout(() => {
      working.resolve();
      return done.promise;
    });
    return new Response("finished");
  }, idle);
  const client = await dial(listener, get("/work"));
  await working.promise;
  const quiet = await dial(listener, get("/idle"));
  await quiet.ended;
  done.resolve();
  await until(() => client.received().includes("finished"));
  await client.ended;
}, 30_000);
