import { join } from "node:path";

import { type RegistryOptions, type RunningRegistry, startRegistry } from "./registry-process.ts";

const executable = join(import.meta.dir, "../../bin/berth");

/**
 * Starts Berth as a user does, `berth serve config.yml`, and waits until it is alive.
 *
 * @throws with its log when it does not come up.
 */
export async function startBerth(options: RegistryOptions = {}): Promise<RunningRegistry> {
  return startRegistry({ argv: (config) => [executable, "serve", config], readyPath: "/livez" }, options);
}
