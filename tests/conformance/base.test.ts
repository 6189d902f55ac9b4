import { describe, expect, test } from "bun:test";

import { registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();

describe("determining support", () => {
  test("end-1: If the response is 200 OK, then the registry implements this specification", async () => {
    expect((await registry().get("/v2/")).status).toBe(200);
  });

  test("Docker API V2: the header Docker-Distribution-API-Version SHOULD be set to registry/2.0", async () => {
    const answer = await registry().get("/v2/");
    expect(answer.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  });
});
