import { join } from "node:path";

import { describe } from "bun:test";

/** A program of the machine that a test starts, and the `describe` to put the tests that need it in. */
export interface RequiredProgram {
  /** Absolute path; the bare name when it is not installed, in which case no test runs. */
  readonly path: string;
  readonly isInstalled: boolean;
  /** Runs the group, or reports each of its tests as skipped, with the reason in the group's name. */
  readonly describe: (title: string, body: () => void) => void;
}

/**
 * Finds a program that tests cannot do without.
 *
 * On a developer's machine a missing program makes its tests be reported as not run; where `CI=true` it is an error, so that
 * nothing passes silently there.
 *
 * @throws when the program is missing and `CI` is set.
 */
export function requireProgram(name: string, debianPackage: string = name): RequiredProgram {
  const path = Bun.which(name) ?? Bun.which(name, { PATH: "/usr/sbin:/sbin:/usr/local/sbin" });
  return foundOrRefused(name, path, `the program ${name} is not installed: apt-get install ${debianPackage}`);
}

/**
 * Finds a newer client than this Debian release has, where `scripts/install-test-clients.sh` unpacks them.
 *
 * @throws when it is missing and `CI` is set, as {@link requireProgram} does.
 */
export function requireLaterClient(name: string): RequiredProgram {
  const path = Bun.which(name, { PATH: laterClientsFolder });
  return foundOrRefused(name, path, `the client ${name} is missing: scripts/install-test-clients.sh`);
}

/** Where the newer clients are, for a daemon that looks for its own helpers in `PATH`. */
export const laterClientsFolder = join(import.meta.dir, "../../.cache/test-clients/bin");

/** Like {@link requireProgram}, for tests that only root can run: daemons of containers, mounts, network namespaces. */
export function requireRoot(): Omit<RequiredProgram, "path"> {
  return foundOrRefused("root", process.getuid?.() === 0 ? "/" : null, "these tests must be run as root");
}

function foundOrRefused(name: string, path: string | null, remedy: string): RequiredProgram {
  if (path !== null) return { path, isInstalled: true, describe: (title, body) => describe(title, body) };
  if (isContinuousIntegration()) throw new Error(remedy);
  console.warn(`not run: ${remedy}`);
  return {
    path: name,
    isInstalled: false,
    describe: (title, body) => describe.skip(`${title} (not run: ${remedy})`, body),
  };
}

function isContinuousIntegration(): boolean {
  const value = process.env["CI"];
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}
