import { insertUpload } from "../../metadata/index.ts";
import { type Digest, type DigestAlgorithm, RegistryError, type RepositoryName } from "../../oci/index.ts";
import { StorageError } from "../../storage/index.ts";
import { requireWritable } from "../maintenance/maintenance.ts";
import type { Registry } from "../registry.ts";
import { requireRoom } from "../quotas/add-within-quotas.ts";
import { commitBlob, type ReceivedBlob } from "./commit-blob.ts";
import { interrupted, receiveBytes, type RequestBody, requireAnnounced } from "./receive-bytes.ts";
import {
  discardSession,
  getSession,
  saveState,
  statusOf,
  type UploadSession,
  type UploadStatus,
  uploadUnknown,
} from "./session.ts";
import { type HashedUpload, hasherAt } from "./upload-hash.ts";

/** The bytes that a request says it carries, both ends inclusive. */
export interface ContentRange {
  readonly firstByte: number;
  readonly lastByte: number;
}

export interface UploadPart {
  readonly repository: RepositoryName;
  readonly id: string;
  /** `null` if the request has none. */
  readonly body: RequestBody | null;
  readonly contentRange?: ContentRange | undefined;
  /** How long the body is, if that is known before. */
  readonly announcedBytes?: number | undefined;
  /** Told how many bytes came, also when the body broke off. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** As in `ReceivedBlob`. */
  readonly beforeCommit?: ReceivedBlob["beforeCommit"];
  readonly mayFollow?: ReceivedBlob["mayFollow"];
  /** Runs work during which no byte moves, which for a large upload takes minutes: its bytes are read back and hashed. */
  readonly whileSilent?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A part that does not start where the upload ends. The upload goes on; `status` says from where. */
export class UploadOffsetError extends RegistryError {
  readonly status: UploadStatus;

  constructor(status: UploadStatus, range: ContentRange) {
    super("content-range-invalid", `the next byte of this upload is ${status.offsetBytes}, not ${range.firstByte}`, {
      detail: { offset: status.offsetBytes },
    });
    this.status = status;
  }
}

export interface UploadStart {
  /** Of the digest that it will be finished with. */
  readonly algorithm?: DigestAlgorithm | undefined;
  /** The account that does; `undefined` where nobody has to sign in. */
  readonly startedBy?: string | undefined;
}

/** @throws RegistryError `read-only` */
export async function startUpload(
  registry: Registry,
  repository: RepositoryName,
  { algorithm = "sha256", startedBy }: UploadStart = {},
): Promise<UploadStatus> {
  await requireWritable(registry);
  const id = registry.newId();
  const state = { uploadId: id, offsetBytes: 0 };
  const nowMs = registry.clock.nowMs();
  const times = { startedAtMs: nowMs, updatedAtMs: nowMs };
  const record = { id, repository, algorithm, state: JSON.stringify(state), ...times, startedBy: startedBy ?? null };
  await registry.metadata.transaction((queries) => insertUpload(queries, record), { durable: false });
  return statusOf({ id, repository, state });
}

/** @throws RegistryError `upload-unknown` */
export async function getUploadStatus(
  registry: Registry,
  repository: RepositoryName,
  id: string,
): Promise<UploadStatus> {
  return statusOf(await getSession(registry, repository, id));
}

/**
 * Adds the body at the upload's end.
 * @throws RegistryError `upload-unknown`, `content-range-invalid` (as `UploadOffsetError`), `size-invalid`,
 *   `blob-too-large`, `upload-interrupted` (what came is kept), `read-only`
 * @spec OCI distribution-spec, "Pushing a blob in chunks"
 */
export async function appendUpload(registry: Registry, part: UploadPart): Promise<UploadStatus> {
  await requireWritable(registry);
  return inTurn(registry, part, async (session, signal) => {
    const received = await receivePart(registry, session, { ...part, isLast: false, signal });
    await keep(registry, received);
    return statusOf({ ...session, state: received.state });
  });
}

/**
 * Adds the body, if there is one, and makes the upload a blob of the repository. Content with another digest is thrown
 * away with its session, and so is what a quota has no room for.
 * @throws RegistryError as `appendUpload` does, `digest-mismatch`, and `denied` where a quota would be exceeded
 */
export async function finishUpload(registry: Registry, part: UploadPart, digest: Digest): Promise<void> {
  await requireWritable(registry);
  await inTurn(registry, part, async (session, signal) => {
    const { id: sessionId, repository } = session;
    const { beforeCommit, mayFollow, announcedBytes = 0 } = part;
    const sizeBytes = session.state.offsetBytes + announcedBytes;
    await requireRoom(registry, { repository, digest, sizeBytes, mayFollow }).catch(async (error: unknown) => {
      await discardSession(registry, sessionId);
      throw error;
    });
    const received = await receivePart(registry, session, { ...part, isLast: true, signal });
    await silently(part, () =>
      commitBlob(registry, { ...received, repository, digest, sessionId, beforeCommit, mayFollow }),
    );
  });
}

function silently<T>(part: UploadPart, work: () => Promise<T>): Promise<T> {
  return part.whileSilent ? part.whileSilent(work) : work();
}

/** @throws RegistryError `upload-unknown`, `read-only` */
export async function cancelUpload(registry: Registry, repository: RepositoryName, id: string): Promise<void> {
  await requireWritable(registry);
  // Before the turn as well: who may not have it interrupts nobody.
  await getSession(registry, repository, id);
  await registry.uploadTurns.run(id, async () => {
    await getSession(registry, repository, id);
    await discardSession(registry, id);
  });
}

/** Works on the session alone. One whose bytes a crash has taken ends here, so that its client starts again. */
async function inTurn<T>(
  registry: Registry,
  part: UploadPart,
  work: (session: UploadSession, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { repository, id } = part;
  // Before the turn as well: who cannot go on interrupts nobody.
  requireInPlace(await getSession(registry, repository, id), part);
  return registry.uploadTurns.run(id, async (signal) => {
    const session = await getSession(registry, repository, id);
    requireInPlace(session, part);
    try {
      return await work(session, signal);
    } catch (error) {
      if (!(error instanceof StorageError) || error.reason !== "upload-gone") throw error;
      await discardSession(registry, id);
      throw uploadUnknown(id, error);
    }
  });
}

function requireInPlace(session: UploadSession, { contentRange: range, body }: UploadPart): void {
  const status = statusOf(session);
  if (range && range.firstByte !== status.offsetBytes) throw new UploadOffsetError(status, range);
  if (!body) requireAnnounced(0, lengthOf(range));
}

function lengthOf(range: ContentRange | undefined): number | undefined {
  return range && range.lastByte - range.firstByte + 1;
}

type Kept = Pick<HashedUpload, "state" | "hasher">;

/** The hash first: it is not lost if the row cannot be written, and does not fit the row's offset then. */
async function keep(registry: Registry, { state, hasher }: Kept): Promise<void> {
  registry.runningHashes.keep(state.uploadId, hasher, state.offsetBytes);
  await saveState(registry, state.uploadId, state);
}

interface PartInTurn extends UploadPart {
  readonly isLast: boolean;
  readonly signal: AbortSignal;
}

/** Receives the whole part, which the session's row does not know of yet; or keeps what came of it and throws. */
async function receivePart(registry: Registry, session: UploadSession, part: PartInTurn): Promise<HashedUpload> {
  const { algorithm, state } = session;
  const { body, contentRange, isLast, onReceived, signal } = part;
  const hasher = await silently(part, () => hasherAt(registry, session, signal));
  if (!body) return { state, hasher, algorithm, signal };
  const announcedBytes = lengthOf(contentRange);
  const received = await receiveBytes({ registry, state, hasher, body, isLast, announcedBytes, onReceived, signal });
  if (received.interruption === undefined) return { ...received, hasher, algorithm, signal };
  await keep(registry, { ...received, hasher });
  throw interrupted(received.interruption);
}
