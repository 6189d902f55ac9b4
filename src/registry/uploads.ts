import { insertUpload, type UploadRecord } from "../metadata/index.ts";
import { type Digest, type DigestAlgorithm, RegistryError, type RepositoryName } from "../oci/index.ts";
import type { StreamHasher } from "../runtime/index.ts";
import { StorageError, type UploadState } from "../storage/index.ts";
import { commitBlob, requireSameDigest } from "./commit-blob.ts";
import {
  interrupted,
  type Received,
  receiveBytes,
  type Reception,
  type RequestBody,
  requireAnnounced,
} from "./receive-bytes.ts";
import { type Registry, requireWritable } from "./registry.ts";
import { digestOfUpload, hasherAt } from "./upload-hash.ts";
import {
  discardUpload,
  getUpload,
  parseState,
  saveState,
  statusOf,
  type UploadStatus,
  uploadUnknown,
} from "./upload-session.ts";

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
  /** Told how many bytes came, also when the body broke off. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
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
  requireWritable(registry);
  const id = registry.newId();
  const state = { uploadId: id, offsetBytes: 0 };
  const nowMs = registry.clock.nowMs();
  const times = { startedAtMs: nowMs, updatedAtMs: nowMs };
  const record = { id, repository, algorithm, state: JSON.stringify(state), ...times, startedBy: startedBy ?? null };
  await registry.metadata.transaction((queries) => insertUpload(queries, record), { durable: false });
  return { id, repository, offsetBytes: state.offsetBytes };
}

/** @throws RegistryError `upload-unknown` */
export async function getUploadStatus(
  registry: Registry,
  repository: RepositoryName,
  id: string,
): Promise<UploadStatus> {
  return statusOf(await getUpload(registry, repository, id));
}

/**
 * Adds the body at the upload's end.
 * @throws RegistryError `upload-unknown`, `content-range-invalid` (as `UploadOffsetError`), `size-invalid`,
 *   `blob-too-large`, `upload-interrupted` (what came is kept), `read-only`
 * @spec OCI distribution-spec, "Pushing a blob in chunks"
 */
export async function appendUpload(registry: Registry, part: UploadPart): Promise<UploadStatus> {
  requireWritable(registry);
  return inTurn(registry, part, async (upload, signal) => {
    const { state, hasher } = await receivePart(registry, upload, { ...part, isLast: false }, signal);
    await keep(registry, upload.id, { state, hasher });
    return { ...statusOf(upload), offsetBytes: state.offsetBytes };
  });
}

/**
 * Adds the body, if there is one, and makes the upload a blob of the repository. Content with another digest is thrown
 * away with its session.
 * @throws RegistryError as `appendUpload` does, and `digest-mismatch`
 */
export async function finishUpload(registry: Registry, part: UploadPart, digest: Digest): Promise<void> {
  requireWritable(registry);
  await inTurn(registry, part, async (upload, signal) => {
    const { state, small, hasher } = await receivePart(registry, upload, { ...part, isLast: true }, signal);
    const received = { state, small, hasher, algorithm: upload.algorithm, signal };
    await silently(part, async () => {
      const actual = await digestOfUpload(registry, received, digest);
      if (actual !== digest) await discardUpload(registry, upload.id);
      requireSameDigest(actual, digest);
      await commitBlob(registry, { repository: upload.repository, digest, state, small, sessionId: upload.id });
    });
  });
}

function silently<T>(part: UploadPart, work: () => Promise<T>): Promise<T> {
  return part.whileSilent ? part.whileSilent(work) : work();
}

/** @throws RegistryError `upload-unknown`, `read-only` */
export async function cancelUpload(registry: Registry, repository: RepositoryName, id: string): Promise<void> {
  requireWritable(registry);
  // Before the turn as well: who may not have it interrupts nobody.
  await getUpload(registry, repository, id);
  await registry.uploadTurns.run(id, async () => {
    await getUpload(registry, repository, id);
    await discardUpload(registry, id);
  });
}

/** Works on the session alone. One whose bytes a crash has taken ends here, so that its client starts again. */
async function inTurn<T>(
  registry: Registry,
  part: UploadPart,
  work: (upload: UploadRecord, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { repository, id } = part;
  // Before the turn as well: who cannot go on interrupts nobody.
  requireInPlace(await getUpload(registry, repository, id), part);
  return registry.uploadTurns.run(id, async (signal) => {
    const upload = await getUpload(registry, repository, id);
    requireInPlace(upload, part);
    try {
      return await work(upload, signal);
    } catch (error) {
      if (!(error instanceof StorageError) || error.reason !== "upload-gone") throw error;
      await discardUpload(registry, id);
      throw uploadUnknown(id, error);
    }
  });
}

function requireInPlace(upload: UploadRecord, { contentRange: range, body }: UploadPart): void {
  const status = statusOf(upload);
  if (range && range.firstByte !== status.offsetBytes) throw new UploadOffsetError(status, range);
  if (!body) requireAnnounced(0, lengthOf(range));
}

function lengthOf(range: ContentRange | undefined): number | undefined {
  return range && range.lastByte - range.firstByte + 1;
}

interface ReceivedPart extends Pick<Received, "small"> {
  /** Durable in storage; not yet in the session's row. */
  readonly state: UploadState;
  /** Has seen everything up to `state.offsetBytes`; the caller owns it. */
  readonly hasher: StreamHasher;
}

/** The hash first: it is not lost if the row cannot be written, and does not fit the row's offset then. */
async function keep(registry: Registry, id: string, { state, hasher }: ReceivedPart): Promise<void> {
  registry.runningHashes.keep(id, hasher, state.offsetBytes);
  await saveState(registry, id, state);
}

/** Receives the whole part, or keeps what came of it and throws. */
async function receivePart(
  registry: Registry,
  upload: UploadRecord,
  part: UploadPart & Pick<Reception, "isLast">,
  signal: AbortSignal,
): Promise<ReceivedPart> {
  const before = parseState(upload);
  const hasher = await silently(part, () => hasherAt(registry, upload, signal));
  const { body, contentRange, isLast, onReceived } = part;
  if (!body) return { state: before, hasher };
  const announcedBytes = lengthOf(contentRange);
  const { state, small, interruption } = await receiveOrDispose({
    registry,
    state: before,
    hasher,
    body,
    isLast,
    announcedBytes,
    onReceived,
    signal,
  });
  if (interruption === undefined) return { state, small, hasher };
  await keep(registry, upload.id, { state, hasher });
  throw interrupted(interruption);
}

async function receiveOrDispose(reception: Reception): Promise<Received> {
  try {
    return await receiveBytes(reception);
  } catch (error) {
    reception.hasher.dispose();
    throw error;
  }
}
