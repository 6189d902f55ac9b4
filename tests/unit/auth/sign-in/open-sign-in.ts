import type { ExternalIdentity } from "../../../../src/access/index.ts";
import { createUser } from "../../../support/change-accounts.ts";
import { createSignIn, type PasswordSource, type SignIn } from "../../../../src/auth/index.ts";
import type { SignInOptions, SignInParts } from "../../../../src/auth/index.ts";
import type { ActOrigin } from "../../../../src/metadata/index.ts";
import { BY, type OpenAccounts, openAccounts } from "../../access/accounts/open-accounts.ts";

export const PASSWORD = "correct horse battery";

export interface OpenSignIn extends OpenAccounts {
  readonly signIn: SignIn;
  /** Another process on the same database. */
  anotherProcess(options?: Partial<SignInOptions>): SignIn;
  addUser(name: string, password?: string): Promise<void>;
}

export async function openSignIn(parts: Partial<SignInParts> = {}): Promise<OpenSignIn> {
  const open = await openAccounts();
  const anotherProcess = (options: Partial<SignInOptions> = {}) =>
    createSignIn({
      accounts: open.accounts,
      sources: [],
      reportUnrecorded: () => undefined,
      accessGeneration: () => open.accessGeneration(),
      processKey: new Uint8Array(32),
      ...parts,
      options: { minFailureMs: 0, ...parts.options, ...options },
    });
  return {
    ...open,
    signIn: anotherProcess(),
    anotherProcess,
    async addUser(name, password = PASSWORD) {
      await createUser(open.accounts, { name, password, mustChangePassword: false }, BY);
    },
  };
}

/** Somebody at an address. */
export function from(address: string): ActOrigin {
  return { actor: undefined, address, requestId: "r-2" };
}

/** A directory that is what `users` says: by name, the password and who it is. */
export class Directory implements PasswordSource {
  readonly name: string;
  readonly users = new Map<string, { password: string; identity: ExternalIdentity }>();
  checks = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(name: string, password: string, groups: readonly string[] = []): void {
    const identity = { name, externalId: `id of ${name}`, displayName: undefined, email: undefined, groups };
    this.users.set(name, { password, identity });
  }

  async checkPassword(
    username: string,
    password: string,
  ): Promise<ExternalIdentity | "unknown-user" | "wrong-password"> {
    this.checks++;
    const user = this.users.get(username);
    if (!user) return "unknown-user";
    return user.password === password ? user.identity : "wrong-password";
  }

  async findUser(username: string): Promise<ExternalIdentity | undefined> {
    this.checks++;
    return this.users.get(username)?.identity;
  }
}
