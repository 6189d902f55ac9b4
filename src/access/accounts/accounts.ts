import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Clock, RandomBytes } from "../../runtime/index.ts";
import { DEFAULT_HASH_COST, type HashCost, PasswordHashes } from "../passwords/password-hashes.ts";
import { DEFAULT_LOCK_OUT, LockOut, type LockOutOptions } from "./lock-out.ts";

export interface AccountOptions {
  /** Characters, of passwords that are set from now on. */
  readonly minPasswordLength: number;
  /** Of passwords that are set from now on. */
  readonly hashCost: HashCost;
  readonly lockOut: LockOutOptions;
}

const DEFAULT_ACCOUNT_OPTIONS: AccountOptions = {
  minPasswordLength: 12,
  hashCost: DEFAULT_HASH_COST,
  lockOut: DEFAULT_LOCK_OUT,
};

export interface AccountsParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly options?: Partial<AccountOptions>;
}

/** What all that has to do with accounts needs. */
export interface Accounts extends AccountsParts {
  readonly options: AccountOptions;
  readonly passwords: PasswordHashes;
  readonly lockOut: LockOut;
}

export function createAccounts(parts: AccountsParts): Accounts {
  const options = { ...DEFAULT_ACCOUNT_OPTIONS, ...parts.options };
  const { metadata, clock } = parts;
  return {
    ...parts,
    options,
    passwords: new PasswordHashes(options.hashCost),
    lockOut: new LockOut({ metadata, clock, options: options.lockOut }),
  };
}
