import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { getSubject } from "../../src/access/rules/subject-name.ts";
import {
  type AccessLimit,
  type Accounts,
  createAccounts,
  type GroupMapping,
  type Role,
  type Visibility,
} from "../../src/access/index.ts";
import {
  addGroupMapping,
  createGroup,
  createPersonalToken,
  createRobot,
  createRobotSecret,
  createUser,
  disableUser,
  type NewUser,
} from "./change-accounts.ts";
import {
  type ActOrigin,
  type MetadataDatabase,
  openSqlite,
  putRole,
  putVisibility,
  type Queries,
  removeRole,
} from "../../src/metadata/index.ts";
import { patientMs } from "./patience.ts";

/** Accounts and rules of a registry that runs, changed beside it in its database. Each is done when the promise is fulfilled. */
export interface AccessRows {
  readonly accounts: Accounts;
  readonly metadata: MetadataDatabase;
  /** A local user, whose password needs no change. */
  user(name: string, password: string, more?: Partial<NewUser>): Promise<void>;
  disable(user: string): Promise<void>;
  /** @returns the secret */
  robot(ownerPath: string, name: string): Promise<string>;
  /** @returns the token */
  personalToken(user: string, limits: readonly AccessLimit[]): Promise<string>;
  /** A group whose members a directory names. */
  mappedGroup(mapping: GroupMapping): Promise<void>;
  /** @param subject such as `user:anna`, `group:crew`, `signed-in`; `undefined` takes the role away */
  role(path: string, subject: string, role: Role | undefined): Promise<void>;
  visibility(path: string, visibility: Visibility): Promise<void>;
  close(): Promise<void>;
}

const BY: ActOrigin = { actor: "test", address: undefined, requestId: undefined };

const SEEN_AFTER_MS = 30;

/** Least work for who hashes and who checks. */
const CHEAP = { memoryKib: 8, passes: 1 };

export async function openAccessRows({ dataDirectory }: { readonly dataDirectory: string }): Promise<AccessRows> {
  const metadata = await openSqlite(join(dataDirectory, "berth/berth.db"));
  const clock = { nowMs: () => Date.now() };
  const accounts = createAccounts({ metadata, clock, random: randomBytes, options: { hashCost: CHEAP } });
  const seen = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done;
    // A registry looks every 10 ms for what other programs have changed.
    await Bun.sleep(patientMs(SEEN_AFTER_MS));
    return result;
  };
  const change = <T>(work: (queries: Queries) => Promise<T>) => seen(metadata.transaction(work));
  return {
    accounts,
    metadata,
    async user(name, password, more) {
      await seen(createUser(accounts, { name, password, mustChangePassword: false, ...more }, BY));
    },
    async disable(user) {
      await seen(disableUser(accounts, user, BY));
    },
    async robot(ownerPath, name) {
      const robot = await createRobot(accounts, { ownerPath, name }, BY);
      return (await seen(createRobotSecret(accounts, { robot: robot.name, name: "first" }, BY))).text;
    },
    async personalToken(user, limits) {
      return (await seen(createPersonalToken(accounts, { user, name: "first", limits }, BY))).text;
    },
    async mappedGroup(mapping) {
      await createGroup(accounts, { name: mapping.group }, BY);
      await seen(addGroupMapping(accounts, mapping, BY));
    },
    role: (path, subject, role) =>
      change(async (queries) => {
        const key = { path, subject: await getSubject(queries, subject) };
        if (role) await putRole(queries, { ...key, role, nowMs: Date.now() });
        else await removeRole(queries, key);
      }),
    visibility: (path, visibility) =>
      change((queries) => putVisibility(queries, { path, visibility, nowMs: Date.now() })),
    close: () => metadata.close(),
  };
}
