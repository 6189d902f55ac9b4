import type { PasswordSource } from "../sign-in/password-source.ts";
import type { LdapSourceNeeds } from "./ldap-source.ts";
import type { LdapOptions } from "./options.ts";

/**
 * The directories, in the order in which they are asked. What speaks LDAP is loaded only where there are some.
 * @throws Error if the file of the authorities cannot be read
 */
export async function openLdapSources(
  options: readonly LdapOptions[],
  needs: LdapSourceNeeds,
): Promise<readonly PasswordSource[]> {
  if (options.length === 0) return [];
  const { openLdapSource } = await import("./ldap-source.ts");
  return options.map((directory) => openLdapSource(directory, needs));
}
