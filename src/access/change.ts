import {
  type Act,
  type ActOrigin,
  loadAccessRules,
  type MetadataDatabase,
  type Queries,
  recordAct,
} from "../metadata/index.ts";
import { RegistryError } from "../oci/index.ts";
import type { Clock } from "../runtime/index.ts";
import type { Account } from "./accounts/account.ts";
import { findAccountById, isUsable } from "./accounts/find-account.ts";
import { askerOf } from "./caller.ts";
import { principalOf } from "./principal.ts";
import type { Asker } from "./rules/access-rules.ts";
import type { Viewer } from "./rules/authority.ts";
import { readRules } from "./rules/read-rules.ts";

/** Who changes something, and from where. */
export interface Changer {
  /** Who it is, and so what the rules say of them; absent: nobody who has an account. */
  readonly account?: Pick<Account, "id"> | undefined;
  /** For who has no account. Absent: no rule says anything of them. */
  readonly asker?: Asker | undefined;
  readonly from: ActOrigin;
}

/** What was done, for the audit trail. */
export type Deed = Pick<Act, "act" | "target" | "detail">;

/** A change of accounts or rules on its way: all that is done by it stands together, and on record, or nothing does. */
export interface Change {
  /** Of its transaction. */
  readonly queries: Queries;
  readonly nowMs: number;
  /** Who makes it, as their account is by now. */
  readonly asker: Asker;
  /** The same, under the rules as they are by now: what is permitted is decided by the rules that it changes. */
  viewer(): Promise<Viewer>;
  /** Puts on record what has been done. */
  record(deed: Deed): Promise<void>;
}

/**
 * Makes a change in one transaction. What `make` throws undoes it.
 * @throws RegistryError `unauthorized` if the account that makes it can do nothing any more
 */
export function makeChange<T>(
  { metadata, clock }: { readonly metadata: MetadataDatabase; readonly clock: Clock },
  by: Changer,
  make: (change: Change) => Promise<T>,
): Promise<T> {
  return metadata.transaction(async (queries) => {
    const nowMs = clock.nowMs();
    const asker = by.account ? await findAsker(queries, by.account.id, nowMs) : by.asker;
    return make(new OpenChange(queries, { asker, from: by.from }, nowMs));
  });
}

/** What somebody may do can have been taken away since they were let in. */
async function findAsker(queries: Queries, accountId: number, nowMs: number): Promise<Asker> {
  const account = await findAccountById(queries, accountId);
  if (!account || !isUsable(account, nowMs))
    throw new RegistryError("unauthorized", "the account has just been disabled, or is gone");
  return askerOf(principalOf(account));
}

class OpenChange implements Change {
  readonly queries: Queries;
  readonly nowMs: number;
  readonly asker: Asker;
  readonly #from: ActOrigin;
  /** Until something is changed. */
  #viewer: Promise<Viewer> | undefined;

  constructor(queries: Queries, { asker = { subjects: [] }, from }: Changer, nowMs: number) {
    this.queries = queries;
    this.nowMs = nowMs;
    this.asker = asker;
    this.#from = from;
  }

  viewer(): Promise<Viewer> {
    this.#viewer ??= this.#findViewer();
    return this.#viewer;
  }

  async record(deed: Deed): Promise<void> {
    this.#viewer = undefined;
    await recordAct(this.queries, { ...this.#from, ...deed, atMs: this.nowMs, outcome: "success" });
  }

  async #findViewer(): Promise<Viewer> {
    const rules = readRules(await loadAccessRules(this.queries));
    return { rules, asker: this.asker, nowMs: this.nowMs };
  }
}
