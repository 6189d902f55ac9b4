import { hasUsers, insertAccount } from "../../metadata/index.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
import { randomText } from "./random-text.ts";

/** 119 bits, that can still be typed. */
const PASSWORD_LENGTH = 20;

export interface FirstAdministrator {
  readonly name: string;
  /** Good for nothing but to be changed. Kept nowhere: this is the only time to show it. */
  readonly password: string;
}

/**
 * Makes the user `admin` if there is no user at all. Of several processes that start at once one does.
 * @returns `undefined` if there are users
 */
export async function createFirstAdministrator(accounts: Accounts): Promise<FirstAdministrator | undefined> {
  const { metadata, clock, random, passwords } = accounts;
  if (await hasUsers(metadata.reads)) return undefined;
  const first: FirstAdministrator = { name: "admin", password: randomText(random, PASSWORD_LENGTH) };
  const passwordHash = await passwords.hash(first.password);
  return metadata.transaction(async (queries) => {
    if (await hasUsers(queries)) return undefined;
    await insertAccount(queries, {
      name: first.name,
      kind: "user",
      source: "local",
      externalId: null,
      displayName: null,
      email: null,
      passwordHash,
      mustChangePassword: true,
      systemRole: "administrator",
      ownerPath: null,
      expiresAtMs: null,
      nowMs: clock.nowMs(),
    });
    const by = { actor: undefined, address: undefined, requestId: undefined };
    await recordDeed(queries, accounts, { ...by, act: "user.create", target: first.name, detail: { first: true } });
    return first;
  });
}
