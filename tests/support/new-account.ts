import type { NewAccount } from "../../src/metadata/index.ts";

/** The row of a user about whom nothing is said but the name. */
export function newAccount(name: string, more: Partial<NewAccount> = {}): NewAccount {
  return {
    name,
    kind: "user",
    source: "local",
    externalId: null,
    displayName: null,
    email: null,
    passwordHash: null,
    mustChangePassword: false,
    systemRole: null,
    ownerPath: null,
    expiresAtMs: null,
    nowMs: 1,
    ...more,
  };
}
