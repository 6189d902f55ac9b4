import { findUpload, removeUpload, updateUpload, type UploadRecord } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName, shorten } from "../../oci/index.ts";
import type { UploadState } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";

/** Where an upload stands, for the client to go on from. */
export interface UploadStatus {
  readonly id: string;
  readonly repository: RepositoryName;
  /** How many bytes are kept; the next byte to send has this position. */
  readonly offsetBytes: number;
}

/** An upload between two requests. */
export interface UploadSession extends Pick<UploadRecord, "id" | "repository" | "algorithm"> {
  readonly state: UploadState;
}

/** @throws RegistryError `upload-unknown` */
export async function getSession(registry: Registry, repository: RepositoryName, id: string): Promise<UploadSession> {
  const upload = await findUpload(registry.metadata.reads, id);
  if (upload?.repository !== repository) throw uploadUnknown(id);
  return { id, repository, algorithm: upload.algorithm, state: JSON.parse(upload.state) as UploadState };
}

/** Whether there is such an upload, begun by this account and before this time. */
export async function isUploadBegunBy(
  registry: Registry,
  { id, startedBy, beforeMs }: { readonly id: string; readonly startedBy: string; readonly beforeMs: number },
): Promise<boolean> {
  const upload = await findUpload(registry.metadata.reads, id);
  return upload?.startedBy === startedBy && upload.startedAtMs < beforeMs;
}

export function uploadUnknown(id: string, cause?: unknown): RegistryError {
  const message = "there is no such upload: it is finished, cancelled or expired; start again";
  return new RegistryError("upload-unknown", message, { detail: { id: shorten(id) }, cause });
}

export function statusOf({ id, repository, state }: Omit<UploadSession, "algorithm">): UploadStatus {
  return { id, repository, offsetBytes: state.offsetBytes };
}

/** @throws RegistryError `upload-unknown` if the session has ended meanwhile */
export async function saveState(registry: Registry, id: string, state: UploadState): Promise<void> {
  const nowMs = registry.clock.nowMs();
  const isSaved = await registry.metadata.transaction((queries) =>
    updateUpload(queries, id, JSON.stringify(state), nowMs),
  );
  if (!isSaved) throw uploadUnknown(id);
}

/** Rows before bytes: a session that still answers has its bytes. */
export async function discardSession(registry: Registry, id: string): Promise<void> {
  registry.runningHashes.drop(id);
  await registry.metadata.transaction((queries) => removeUpload(queries, id));
  await registry.storage.uploads.cancel(id);
}
