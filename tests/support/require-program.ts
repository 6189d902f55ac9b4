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
  if (path !== null) return { path, isInstalled: true, describe: (title, body) => describe(title, body) };

  const remedy = `the program ${name} is not installed: apt-get install ${debianPackage}`;
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
