import { afterAll, beforeAll } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";

/**
 * Readies the registry that the tests of a file are about: Berth, with everything allowed, or any other that
 * `BERTH_CONFORMANCE_URL` names, for a comparison. To be called once, at the top of the file.
 *
 * @returns a function, for inside tests, that gives a client of it.
 */
export function registryUnderTest(): () => HttpClient {
  const url = process.env["BERTH_CONFORMANCE_URL"];
  let berth: RunningRegistry | undefined;
  beforeAll(async () => {
    if (url === undefined) berth = await startBerth();
  });
  afterAll(() => berth?.stop());
  return () => {
    const address = url ?? berth?.url;
    if (address === undefined) throw new Error("the registry is not started yet: ask for it inside a test");
    return new HttpClient(address);
  };
}

/** A name that no test has used before, also on a registry that outlives the run. */
export function newRepository(): string {
  return `conformance/${crypto.randomUUID()}`;
}
