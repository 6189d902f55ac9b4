import { isRepositoryName, RegistryError, shorten } from "../../oci/index.ts";

/** A person types it at each sign-in. */
const MAX_NAME_LENGTH = 64;
const MAX_EXTERNAL_NAME_LENGTH = 255;

const USER_NAME = /^[a-z0-9](?:[a-z0-9._@-]*[a-z0-9])?$/;
const GROUP_NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const ROBOT_NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** It says that a job's ID token is in the place of the password. */
export const WORKLOAD_USER_NAME = "oidc";

/** They mean something else where names stand. */
const RESERVED: ReadonlySet<string> = new Set([WORKLOAD_USER_NAME, "anonymous", "signed-in"]);

/** @throws RegistryError `bad-request` */
export function requireUserName(name: string): void {
  if (name.length > MAX_NAME_LENGTH) throw badName(name, `a user name has at most ${MAX_NAME_LENGTH} characters`);
  if (!USER_NAME.test(name))
    throw badName(
      name,
      "a user name is lower-case letters and digits, with '.', '_', '-' or '@' inside: without spaces, ':', '/' or '+'",
    );
  if (RESERVED.has(name)) throw badName(name, `"${name}" is no user name: it has a meaning of its own`);
}

/** Names of a directory or a provider are as they are there, as far as they can be typed and are not taken for a robot's. */
export function isExternalName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is to be found
  const isTypable = name !== "" && name === name.trim() && !/[\u0000-\u001f\u007f:+<>]/.test(name);
  return isTypable && name.length <= MAX_EXTERNAL_NAME_LENGTH && !RESERVED.has(name.toLowerCase());
}

/** @throws RegistryError `bad-request` */
export function requireGroupName(name: string): void {
  if (name.length > MAX_NAME_LENGTH) throw badName(name, `a group name has at most ${MAX_NAME_LENGTH} characters`);
  if (!GROUP_NAME.test(name))
    throw badName(name, "a group name is lower-case letters and digits, with '.', '_' or '-' inside");
}

/**
 * The whole name of a robot, `<node>+<name>`; that of one that belongs to the root begins with `+`.
 * @throws RegistryError `bad-request`
 */
export function robotNameOf(ownerPath: string, name: string): string {
  if (ownerPath !== "" && !isRepositoryName(ownerPath))
    throw badName(ownerPath, "a robot belongs to a node such as team/app");
  if (name.length > MAX_NAME_LENGTH) throw badName(name, `a robot's name has at most ${MAX_NAME_LENGTH} characters`);
  if (!ROBOT_NAME.test(name))
    throw badName(name, "a robot's name is lower-case letters and digits, with single '.', '_' or '-' inside");
  return `${ownerPath}+${name}`;
}

export function isRobotName(name: string): boolean {
  return name.includes("+");
}

function badName(name: string, message: string): RegistryError {
  return new RegistryError("bad-request", message, { detail: { field: "name", name: shorten(name) } });
}
