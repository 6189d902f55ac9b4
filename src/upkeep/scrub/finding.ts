import type { LossReason } from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { LogFields, LogLevel } from "../../runtime/index.ts";
import type { StorageKey } from "../../storage/index.ts";
import type { CorrectedQuota } from "./correct-quotas.ts";

/** What a scrub tells of as soon as it knows. */
export type Finding = LostBlob | RestoredBlob | DamagedManifest | FailedCheck | WrongQuota;

export interface LostBlob {
  readonly kind: "lost-blob";
  readonly digest: Digest;
  readonly storageKey: string;
  readonly reason: LossReason;
  /** Some of those that have it. */
  readonly repositories: readonly RepositoryName[];
  /** Where the damaged bytes lie now, if there were any and they could be moved. */
  readonly quarantineKey?: StorageKey | undefined;
  /** Why they could not be moved. They are not served all the same. */
  readonly quarantineError?: unknown;
}

/** It was on record as lost, or with a wrong size, and its bytes are good. */
export interface RestoredBlob {
  readonly kind: "restored-blob";
  readonly digest: Digest;
}

export interface DamagedManifest {
  readonly kind: "damaged-manifest";
  readonly digest: Digest;
  readonly repository: RepositoryName;
  /** Absent if it was moved by an earlier scrub. */
  readonly quarantineKey?: StorageKey | undefined;
}

/** Something could not be looked at; the next scrub tries again. */
export interface FailedCheck {
  readonly kind: "failed-check";
  readonly digest: Digest;
  readonly error: unknown;
}

/** What a node holds was not what is on record for its quota; now it is. */
export interface WrongQuota extends CorrectedQuota {
  readonly kind: "wrong-quota";
}

export interface FindingText {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const REASONS: Record<LossReason, string> = {
  missing: "is missing from storage",
  "wrong-size": "is damaged: it has another size",
  "wrong-digest": "is damaged: its bytes have another digest",
  unreadable: "is damaged: the disk cannot read it",
};

const REMEDY = "push it again, or put the file back from a backup and scrub again";

/** A finding as a line of a log. */
export function describeFinding(finding: Finding): FindingText {
  const { kind, ...fields } = finding;
  if (kind === "restored-blob") return { level: "info", message: "blob is good again", fields };
  if (kind === "failed-check")
    return { level: "warn", message: "content could not be checked; the next scrub tries again", fields };
  if (kind === "wrong-quota")
    return { level: "warn", message: "the counters of a quota were wrong; they are right now", fields };
  if (kind === "damaged-manifest") {
    const message = "manifest is damaged: its bytes have another digest";
    return { level: "error", message, fields: { ...fields, remedy: "push it again" } };
  }
  return { level: "error", message: `blob ${REASONS[finding.reason]}`, fields: { ...fields, remedy: REMEDY } };
}
