import { afterAll, beforeAll } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import type { RegistryOptions, RunningRegistry } from "../support/registry-process.ts";

/**
 * Starts Berth for the tests around, and stops it after them.
 *
 * @param fill puts in what the tests ask for.
 * @returns a function, for inside tests, that gives the running registry.
 */
export function berthWith(
  options: RegistryOptions = {},
  fill?: (http: HttpClient) => Promise<unknown>,
): () => RunningRegistry {
  let berth: RunningRegistry | undefined;
  beforeAll(async () => {
    berth = await startBerth(options);
    await fill?.(new HttpClient(berth.url));
  });
  afterAll(() => berth?.stop());
  return () => {
    if (berth === undefined) throw new Error("the registry is not started yet: ask for it inside a test");
    return berth;
  };
}

/** The same, for tests that only ask. */
export function clientWith(
  options: RegistryOptions = {},
  fill?: (http: HttpClient) => Promise<unknown>,
): () => HttpClient {
  const berth = berthWith(options, fill);
  return () => new HttpClient(berth().url);
}
