import type { Config } from "../../config/index.ts";
import {
  type ActFilter,
  type ActPage,
  type ActRecord,
  type ChainReport,
  listActs,
  MetadataError,
  openSqliteForReading,
  type Queries,
  type ReadOnlyMetadata,
  verifyChain,
} from "../../metadata/index.ts";
import { requireDatabase } from "./require-database.ts";
import { TaskError } from "./task-error.ts";

/** The audit trail in the database that a configuration names, for reading alone, whether the registry serves or not. */
export interface AuditTrail {
  list(page: ActPage): Promise<readonly ActRecord[]>;
  /** The oldest first. */
  iterate(filter: ActFilter): AsyncGenerator<readonly ActRecord[], void, void>;
  verify(): Promise<ChainReport>;
}

/** @throws TaskError */
export async function readAudit<T>(config: Config, read: (trail: AuditTrail) => Promise<T>): Promise<T> {
  const path = await requireDatabase(config);
  try {
    return await readOpened(await openSqliteForReading(path), read);
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    throw new TaskError("failed", `The audit trail cannot be read: ${error.message}.`, { cause: error });
  }
}

async function readOpened<T>(metadata: ReadOnlyMetadata, read: (trail: AuditTrail) => Promise<T>): Promise<T> {
  try {
    return await read(auditTrailOf(metadata.reads));
  } finally {
    await metadata.close();
  }
}

const ROWS_AT_ONCE = 1000;

function auditTrailOf(reads: Queries): AuditTrail {
  return {
    list: (page) => listActs(reads, page),
    verify: () => verifyChain(reads),
    async *iterate(filter) {
      for (let afterSequence: number | undefined = 0; afterSequence !== undefined;) {
        const page: readonly ActRecord[] = await listActs(reads, { ...filter, afterSequence, limit: ROWS_AT_ONCE });
        if (page.length > 0) yield page;
        afterSequence = page.at(-1)?.sequence;
      }
    },
  };
}
