import { createHash } from "node:crypto";
import { type Accounts, type AccountsParts, createAccounts } from "../../../../src/access/index.ts";
import { type ActOrigin, loadAccessRules, type MetadataDatabase, openSqlite } from "../../../../src/metadata/index.ts";

export interface OpenAccounts {
  readonly accounts: Accounts;
  readonly metadata: MetadataDatabase;
  /** The time that they see. */
  readonly time: { atMs: number };
  accessGeneration(): Promise<number>;
  /** The audit trail, each as `act outcome target`. */
  acts(): Promise<readonly string[]>;
}

export const BY: ActOrigin = { actor: "root", address: "192.0.2.9", requestId: "r-1" };

/** Least work, so that a test may guess a hundred times. */
const CHEAP = { hashCost: { memoryKib: 8, passes: 1 } };

/** Accounts in a database in memory. The random bytes are others at each call, and the same in each run. */
export async function openAccounts(options: AccountsParts["options"] = {}): Promise<OpenAccounts> {
  const time = { atMs: 1_000_000_000_000 };
  const metadata = await openSqlite(":memory:");
  let calls = 0;
  const random = (count: number) => {
    const seed = String(calls++);
    const blocks = Array.from({ length: Math.ceil(count / 64) }, (_, block) =>
      createHash("sha512").update(`${seed}/${block}`).digest(),
    );
    return new Uint8Array(Buffer.concat(blocks).subarray(0, count));
  };
  const clock = { nowMs: () => time.atMs };
  return {
    accounts: createAccounts({ metadata, clock, random, options: { ...CHEAP, ...options } }),
    metadata,
    time,
    accessGeneration: async () => (await loadAccessRules(metadata.reads)).generation,
    async acts() {
      const rows = await metadata.reads.selectFrom("audit").selectAll().orderBy("sequence").execute();
      return rows.map(({ act, outcome, target }) => `${act} ${outcome} ${target ?? ""}`.trim());
    },
  };
}
