import {
  ensureRepository,
  findUpload,
  insertUpload,
  linkBlob,
  putBlob,
  removeUpload,
  updateUpload,
  type UploadRecord,
} from "../metadata/index.ts";
import {
  algorithmOf,
  type Digest,
  type DigestAlgorithm,
  digestFromHex,
  RegistryError,
  type RepositoryName,
} from "../oci/index.ts";
import { gatherChunks, type StreamHasher } from "../runtime/index.ts";
import type { ReadableBytes, UploadState } from "../storage/index.ts";
import { type Received, receiveBytes, type RequestBody } from "./receive-bytes.ts";
import { type Registry, requireWritable } from "./registry.ts";
import { blobKeyOf } from "./storage-keys.ts";

/** Where an upload stands, for the client to go on from. */
export interface UploadStatus {
  readonly id: string;
  readonly repository: RepositoryName;
  /** How many bytes are kept; the next byte to send has this position. */
  readonly offsetBytes: number;
}

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
}

export interface WholeBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly body: RequestBody | null;
  readonly onReceived?: ((bytes: number) => void) | undefined;
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

/** @throws RegistryError `read-only` */
export async function startUpload(
  registry: Registry,
  repository: RepositoryName,
  algorithm: DigestAlgorithm = "sha256",
): Promise<UploadStatus> {
  requireWritable(registry);
  const id = registry.newId();
  const state = await registry.storage.startUpload(id);
  const nowMs = registry.clock.nowMs();
  const record = { id, repository, algorithm, state: JSON.stringify(state), startedAtMs: nowMs, updatedAtMs: nowMs };
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
  return registry.uploadTurns.run(part.id, async (signal) => {
    const upload = await getUpload(registry, part.repository, part.id);
    const { state, hasher } = await receivePart(registry, upload, part, signal);
    registry.runningHashes.keep(upload.id, hasher, state.offsetBytes);
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
  await registry.uploadTurns.run(part.id, async (signal) => {
    const upload = await getUpload(registry, part.repository, part.id);
    const { state, hasher } = await receivePart(registry, upload, part, signal);
    const actual = await digestOfUpload(registry, state, hasher, upload.algorithm, digest);
    if (actual !== digest) {
      await discard(registry, upload.id, state);
      throw mismatch(digest, actual);
    }
    await commitBlob(registry, upload.repository, digest, state, upload.id);
  });
}

/**
 * Takes a whole blob in one request.
 * @throws RegistryError `digest-mismatch`, `blob-too-large`, `upload-interrupted`, `read-only`
 * @spec OCI distribution-spec, "Single POST"
 */
export async function putWholeBlob(registry: Registry, blob: WholeBlob): Promise<void> {
  requireWritable(registry);
  const id = registry.newId();
  // Its turn tells upkeep that these bytes, which no session names, belong to a request.
  await registry.uploadTurns.run(id, (signal) => receiveWholeBlob(registry, id, blob, signal));
}

async function receiveWholeBlob(registry: Registry, id: string, blob: WholeBlob, signal: AbortSignal): Promise<void> {
  const { repository, digest, body } = blob;
  let state = await registry.storage.startUpload(id);
  try {
    const hasher = registry.hashPool.start(algorithmOf(digest));
    const received = body && (await receive(registry, state, hasher, body, signal));
    blob.onReceived?.(received?.state.offsetBytes ?? 0);
    if (received?.interruption !== undefined) throw interrupted(received.interruption);
    state = received?.state ?? state;
    const actual = digestFromHex(algorithmOf(digest), await hasher.digestHex());
    if (actual !== digest) throw mismatch(digest, actual);
    await commitBlob(registry, repository, digest, state);
  } catch (error) {
    await registry.storage.cancelUpload(state);
    throw error;
  }
}

/** @throws RegistryError `upload-unknown`, `read-only` */
export async function cancelUpload(registry: Registry, repository: RepositoryName, id: string): Promise<void> {
  requireWritable(registry);
  await registry.uploadTurns.run(id, async () => {
    const upload = await getUpload(registry, repository, id);
    await discard(registry, id, parseState(upload));
  });
}

async function getUpload(registry: Registry, repository: RepositoryName, id: string): Promise<UploadRecord> {
  const upload = await findUpload(registry.metadata.reads, id);
  if (upload?.repository === repository) return upload;
  throw new RegistryError(
    "upload-unknown",
    "there is no such upload: it is finished, cancelled or expired; start again",
    {
      detail: { id },
    },
  );
}

interface ReceivedPart {
  readonly state: UploadState;
  /** Has seen everything up to `state.offsetBytes`. */
  readonly hasher: StreamHasher;
}

async function receivePart(
  registry: Registry,
  upload: UploadRecord,
  part: UploadPart,
  signal: AbortSignal,
): Promise<ReceivedPart> {
  const before = parseState(upload);
  const { contentRange: range } = part;
  if (range && range.firstByte !== before.offsetBytes) throw new UploadOffsetError(statusOf(upload), range);
  const hasher = await hasherAt(registry, upload, before);
  if (!part.body) return { state: before, hasher };
  const { state, interruption } = await receive(registry, before, hasher, part.body, signal);
  const receivedBytes = state.offsetBytes - before.offsetBytes;
  part.onReceived?.(receivedBytes);
  if (interruption === undefined && range && receivedBytes !== range.lastByte - range.firstByte + 1) {
    hasher.dispose();
    throw new RegistryError("size-invalid", `the body has ${receivedBytes} bytes, Content-Range says otherwise`);
  }
  await saveState(registry, upload.id, state);
  if (interruption === undefined) return { state, hasher };
  registry.runningHashes.keep(upload.id, hasher, state.offsetBytes);
  throw interrupted(interruption);
}

async function receive(
  registry: Registry,
  state: UploadState,
  hasher: StreamHasher,
  body: RequestBody,
  signal: AbortSignal,
): Promise<Received> {
  const { storage, options } = registry;
  try {
    return await receiveBytes({ storage, state, hasher, body, signal, maxBlobBytes: options.maxBlobBytes });
  } catch (error) {
    hasher.dispose();
    throw error;
  }
}

async function saveState(registry: Registry, id: string, state: UploadState): Promise<void> {
  const nowMs = registry.clock.nowMs();
  await registry.metadata.transaction((queries) => updateUpload(queries, id, JSON.stringify(state), nowMs));
}

/** The running hash of the upload so far; another process, or this one after a restart, reads it back. */
async function hasherAt(registry: Registry, upload: UploadRecord, state: UploadState): Promise<StreamHasher> {
  const kept = registry.runningHashes.take(upload.id, state.offsetBytes);
  if (kept) return kept;
  const hasher = registry.hashPool.start(upload.algorithm);
  if (state.offsetBytes > 0) await hashAll(hasher, await registry.storage.readUpload(state));
  return hasher;
}

async function hashAll(hasher: StreamHasher, bytes: ReadableBytes): Promise<void> {
  const stream = bytes instanceof Blob ? bytes.stream() : bytes;
  for await (const chunk of gatherChunks(stream)) await hasher.update(chunk);
}

/** Under the algorithm of `wanted`; that of the session is only a guess made at its start. */
async function digestOfUpload(
  registry: Registry,
  state: UploadState,
  hasher: StreamHasher,
  sessionAlgorithm: DigestAlgorithm,
  wanted: Digest,
): Promise<Digest> {
  const algorithm = algorithmOf(wanted);
  if (algorithm === sessionAlgorithm) return digestFromHex(algorithm, await hasher.digestHex());
  hasher.dispose();
  const again = registry.hashPool.start(algorithm);
  await hashAll(again, await registry.storage.readUpload(state));
  return digestFromHex(algorithm, await again.digestHex());
}

/** Bytes before rows: a crash between the two leaves bytes that nobody names, never a name without bytes. */
async function commitBlob(
  registry: Registry,
  repository: RepositoryName,
  digest: Digest,
  state: UploadState,
  uploadId?: string,
): Promise<void> {
  const storageKey = blobKeyOf(digest);
  await registry.storage.finishUpload(state, storageKey);
  const nowMs = registry.clock.nowMs();
  await registry.metadata.transaction(async (queries) => {
    const blob = { digest, sizeBytes: state.offsetBytes, storageKey, createdAtMs: nowMs };
    const blobId = await putBlob(queries, blob);
    await linkBlob(queries, await ensureRepository(queries, repository, nowMs), blobId, nowMs);
    if (uploadId !== undefined) await removeUpload(queries, uploadId);
  });
}

/** Rows before bytes: a session that still answers has its bytes. */
export async function discard(registry: Registry, id: string, state: UploadState): Promise<void> {
  registry.runningHashes.drop(id);
  await registry.metadata.transaction((queries) => removeUpload(queries, id));
  await registry.storage.cancelUpload(state);
}

export function parseState(upload: UploadRecord): UploadState {
  return JSON.parse(upload.state) as UploadState;
}

function statusOf(upload: UploadRecord): UploadStatus {
  return { id: upload.id, repository: upload.repository, offsetBytes: parseState(upload).offsetBytes };
}

function mismatch(wanted: Digest, actual: Digest): RegistryError {
  return new RegistryError("digest-mismatch", `the content's digest is ${actual}, not ${wanted}: send it again`, {
    detail: { digest: wanted, actual },
  });
}

function interrupted(cause: unknown): RegistryError {
  return new RegistryError("upload-interrupted", "the request ended before its body did; what came is kept", { cause });
}
