import { shorten } from "./digest.ts";
import { RegistryError } from "./registry-error.ts";

/** A repository's full name, such as `team/app/api`: lower case, slashes between its components. */
export type RepositoryName = string & { readonly __brand: "RepositoryName" };

/** Many clients refuse more than 255 characters of host and name together. */
export const MAX_REPOSITORY_NAME_LENGTH = 255;

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/**
 * @throws RegistryError `name-invalid`
 * @spec OCI distribution-spec, "Pulling manifests", grammar of `<name>`
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) return text;
  throw new RegistryError("name-invalid", explainBadName(text), { detail: { name: shorten(text) } });
}

export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= MAX_REPOSITORY_NAME_LENGTH && NAME.test(text);
}

function explainBadName(text: string): string {
  if (text.length > MAX_REPOSITORY_NAME_LENGTH)
    return `a repository name has at most ${MAX_REPOSITORY_NAME_LENGTH} characters`;
  if (/[A-Z]/.test(text)) return "a repository name is lower case";
  return "a repository name is lower-case letters and digits, with single '.', '_' or '-' inside a component and '/' between components";
}
