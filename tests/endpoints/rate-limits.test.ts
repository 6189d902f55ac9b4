import { expect, test } from "bun:test";

import { HttpClient } from "../support/http-client.ts";
import { berthWith } from "./registry.ts";

const minute = "1m";
const limits = { anonymous: { requests: 3, period: minute }, signins: { requests: 2, period: minute }, exempt: [] };
const berth = berthWith({
  config: { auth: { accounts: {} }, http: { ratelimits: limits } },
});

const statusesOf = async (count: number, ask: () => Promise<{ readonly status: number }>) => {
  const statuses: number[] = [];
  for (let asked = 0; asked < count; asked++) statuses.push((await ask()).status);
  return statuses;
};

test("requests of who has not signed in, to every part of the registry, are held to the limit", async () => {
  const http = new HttpClient(berth().url);
  const paths = ["/v2/app/tags/list", "/token?service=berth", "/api/v1/service"];
  const statuses: number[] = [];
  for (const path of [...paths, ...paths]) statuses.push((await http.get(path)).status);
  expect(statuses).toEqual([401, 200, 200, 429, 429, 429]);
  const refused = await http.get("/v2/app/tags/list");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("wrong passwords are held to theirs, wherever they are sent", async () => {
  const authorization = `Basic ${btoa("nobody:wrong")}`;
  const http = new HttpClient(berth().url, { authorization });
  expect(await statusesOf(3, () => http.get("/v2/"))).toEqual([401, 401, 429]);
  expect((await http.get("/token?service=berth")).status).toBe(429);
  expect((await http.get("/api/v1/me")).status).toBe(429);
});
