import { findAccountRecord, hasAdministrator, insertAccount, type Queries } from "../../metadata/index.ts";
import { makeChange } from "../change.ts";
import type { Accounts } from "./accounts.ts";
import { randomText } from "./random-text.ts";

/** 119 bits, that can still be typed. */
const PASSWORD_LENGTH = 20;
const NAME = "admin";

export interface FirstAdministrator {
  readonly name: string;
  /** Good for nothing but to be changed. Kept nowhere: this is the only time to show it. */
  readonly password: string;
}

/**
 * Makes the user `admin` if there is no administrator, and nobody of this name. Of several processes that start at once one does.
 * @returns `undefined` if there is one
 */
export async function createFirstAdministrator(accounts: Accounts): Promise<FirstAdministrator | undefined> {
  const { metadata, random, passwords } = accounts;
  if (await isThereOne(metadata.reads)) return undefined;
  const first: FirstAdministrator = { name: NAME, password: randomText(random, PASSWORD_LENGTH) };
  const passwordHash = await passwords.hash(first.password);
  const nobody = { actor: undefined, address: undefined, requestId: undefined };
  return makeChange(accounts, { from: nobody }, async (change) => {
    const { queries, nowMs } = change;
    if (await isThereOne(queries)) return undefined;
    await insertAccount(queries, {
      name: first.name,
      kind: "user",
      source: "local",
      passwordHash,
      mustChangePassword: true,
      systemRole: "administrator",
      nowMs,
    });
    await change.record({ act: "user.create", target: first.name, detail: { first: true } });
    return first;
  });
}

async function isThereOne(queries: Queries): Promise<boolean> {
  return (await hasAdministrator(queries)) || (await findAccountRecord(queries, NAME)) !== undefined;
}
