import { afterAll, beforeAll } from "bun:test";

import { startBerth } from "../../support/berth.ts";
import { startPeer } from "../../support/docker-registry.ts";
import { connectTo, type Login, type RegistryClient } from "../../support/registry-client.ts";
import type { RegistryOptions, RunningRegistry } from "../../support/registry-process.ts";

/** The only user of a registry with a login. */
export const login: Login = { user: "tester", password: "correct horse" };
export const wrongPassword = "battery staple";

/** `CLIENTS_AGAINST=docker-registry` runs these tests on Distribution, as a control of the tests themselves. */
export const isControl = process.env["CLIENTS_AGAINST"] === "docker-registry";

export interface RegistryUnderTest {
  readonly registry: RunningRegistry;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Speaks with the registry as {@link login} where it wants one. */
  readonly client: RegistryClient;
}

export interface RegistryUnderTestOptions extends Omit<RegistryOptions, "htpasswd"> {
  readonly withLogin?: boolean;
}

/** Starts one registry for the tests of the enclosing `describe`, and stops it after them. */
export function useRegistry(options: RegistryUnderTestOptions = {}): RegistryUnderTest {
  const { withLogin = false, ...rest } = options;
  let started: { registry: RunningRegistry; client: RegistryClient } | undefined;
  beforeAll(async () => {
    const start = isControl ? startPeer : startBerth;
    const htpasswd = withLogin ? { htpasswd: { [login.user]: login.password } } : {};
    const registry = await start({ ...rest, ...htpasswd });
    started = { registry, client: await connectTo(registry, withLogin ? login : undefined) };
  });
  afterAll(async () => {
    await started?.registry.stop();
  });
  const running = () => {
    if (started === undefined) throw new Error("the registry is used before it was started");
    return started;
  };
  return {
    get registry() {
      return running().registry;
    },
    get host() {
      return running().registry.host;
    },
    get client() {
      return running().client;
    },
  };
}
