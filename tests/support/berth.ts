import { join } from "node:path";

import { type RegistryOptions, type RunningRegistry, startRegistry } from "./registry-process.ts";

const executable = join(import.meta.dir, "../../bin/berth");

/**
 * Starts Berth as a user does, `berth serve config.yml`, and waits until it is alive.
 *
 * @throws with its log when it does not come up.
 */
export async function startBerth(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const http = { ...oneProcess, ...(options.config?.["http"] as object | undefined) };
  const program = { argv: (config: string) => [executable, "serve", config], readyPath: "/livez" };
  const wanted: Readonly<Record<string, unknown>> = { ...(options.config?.["storage"] as object | undefined) };
  const maintenance = { ...whenAskedFor, ...(wanted["maintenance"] as object | undefined) };
  const storage = { ...notDescribed, ...wanted, maintenance };
  return startRegistry(program, { ...options, config: { ...options.config, http, storage } });
}

/** A test sees the same on a machine with many processors; those of several processes say how many. */
const oneProcess = { processes: 1 };

/** Who looks at files sees what they have made, at whatever time; tests of what describes them switch it on. */
const notDescribed = { selfdescribing: false };

/** What comes by itself begins at a random time: tests see the jobs that they ask for, and those that they configure. */
const whenAskedFor = {
  gc: { enabled: false },
  retention: { enabled: false },
  history: { schedule: "0 0 1 1 *" },
  usage: { enabled: false },
};
