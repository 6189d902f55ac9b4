import { type RegistryOptions, type RunningRegistry, startRegistry } from "./registry-process.ts";
import { requireProgram } from "./require-program.ts";

/**
 * Starts Distribution 2.8, the registry that Berth takes over from, in Berth's place: a control for tests, and the maker of
 * data directories to adopt.
 */
export async function startPeer(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const { path } = requireProgram("docker-registry");
  return startRegistry({ argv: (config) => [path, "serve", config], readyPath: "/v2/" }, options);
}
