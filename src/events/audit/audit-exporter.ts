import type { ActRecord } from "../../metadata/index.ts";

/** Brings acts of the audit trail to another system. */
export interface AuditExporter {
  /** What it has sent is kept under this name. */
  readonly name: string;
  /** Where they go, for people. */
  readonly target: string;

  /**
   * Resolves once all of them have arrived, as far as can be known.
   * @param records in their order
   * @throws if perhaps not all have; all of them come again, so that some may arrive twice
   */
  send(records: readonly ActRecord[], signal: AbortSignal): Promise<void>;

  close(): Promise<void>;
}
