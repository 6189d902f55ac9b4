import {
  type Digest,
  isRepositoryName,
  parseDigest,
  parseDigestAlgorithm,
  RegistryError,
  type RepositoryName,
} from "../../oci/index.ts";
import {
  appendUpload,
  cancelUpload,
  finishUpload,
  getUploadStatus,
  mountBlob,
  putWholeBlob,
  startUpload,
  UploadOffsetError,
  type UploadPart,
  type UploadStatus,
} from "../../registry/index.ts";
import { type Answer, type AnswerHeaders, emptyAnswer } from "../answer.ts";
import { HttpError } from "../http-error.ts";
import { parseContentRange } from "./content-range.ts";
import { type Exchange, type ExchangeAt, locationOf, mayPull } from "./exchange.ts";
import { mayFollow, pushing } from "./moved-name.ts";
import { askAgain } from "./require-access.ts";

/**
 * Starts an upload, mounts a blob of another repository, or takes a whole blob at once.
 * @spec OCI distribution-spec, end-4a, end-4b, end-11
 */
export async function startBlobUpload(exchange: ExchangeAt<"uploads">): Promise<Answer> {
  const { query, registry, request, route } = exchange;
  const repository = route.name;
  const mount = query.get("mount");
  if (mount !== null) {
    const digest = parseDigest(mount);
    if (await pushing(exchange, (at) => tryMount(at, digest))) return blobCreated(exchange, repository, digest);
  }
  const wanted = query.get("digest");
  if (wanted !== null && mount === null) {
    const digest = parseDigest(wanted);
    exchange.transfer.expectLong();
    const { body } = request;
    const whole = { repository, digest, body, announcedBytes: announcedBytes(request), onReceived: counting(exchange) };
    await putWholeBlob(registry, { ...whole, beforeCommit: () => askAgain(exchange), mayFollow: mayFollow(exchange) });
    return blobCreated(exchange, repository, digest);
  }
  const algorithm = query.get("digest-algorithm");
  const status = await startUpload(registry, repository, {
    algorithm: algorithm === null ? undefined : parseDigestAlgorithm(algorithm),
    startedBy: exchange.caller.principal.name,
  });
  return uploadAccepted(exchange, status, 202);
}

/** A mount that cannot be done is never an error: the client uploads then. */
async function tryMount(exchange: ExchangeAt<"uploads">, digest: Digest): Promise<boolean> {
  const from = exchange.query.get("from");
  if (from !== null && from !== "" && !isRepositoryName(from)) return false;
  const repository = exchange.route.name;
  const mayPullFrom = (source: RepositoryName) => mayPull(exchange.caller, source);
  return mountBlob(exchange.registry, { repository, digest, from: from || undefined, mayPull: mayPullFrom });
}

/** @spec OCI distribution-spec, end-13 */
export async function sendUploadStatus(exchange: ExchangeAt<"upload">): Promise<Answer> {
  const { registry, route } = exchange;
  const status = await getUploadStatus(registry, route.name, route.id);
  return uploadAccepted(exchange, status, 204);
}

/** @spec OCI distribution-spec, end-5 */
export async function receiveChunk(exchange: ExchangeAt<"upload">): Promise<Answer> {
  const { registry } = exchange;
  const part = partOf(exchange);
  exchange.transfer.expectLong();
  const status = await sayingWhereToGoOn(exchange, () => appendUpload(registry, part));
  return uploadAccepted(exchange, status, 202);
}

/** @spec OCI distribution-spec, end-6 */
export async function finishBlobUpload(exchange: ExchangeAt<"upload">): Promise<Answer> {
  const { registry, route, query } = exchange;
  const digest = requireDigest(query);
  const part = partOf(exchange);
  exchange.transfer.expectLong();
  await sayingWhereToGoOn(exchange, () => finishUpload(registry, part, digest));
  return blobCreated(exchange, route.name, digest);
}

function partOf(exchange: ExchangeAt<"upload">): UploadPart {
  const { request, route, transfer } = exchange;
  return {
    repository: route.name,
    id: route.id,
    body: request.body,
    contentRange: parseContentRange(request),
    announcedBytes: announcedBytes(request),
    onReceived: counting(exchange),
    beforeCommit: () => askAgain(exchange),
    mayFollow: mayFollow(exchange),
    whileSilent: (work) => transfer.whileSilent(work),
  };
}

function announcedBytes(request: Request): number | undefined {
  const length = request.headers.get("content-length");
  return length === null ? undefined : Number.parseInt(length, 10) || 0;
}

function counting({ transfer }: Exchange): (bytes: number) => void {
  return (bytes) => (transfer.receivedBytes += bytes);
}

function requireDigest(query: URLSearchParams): Digest {
  const text = query.get("digest");
  if (text !== null) return parseDigest(text);
  throw new RegistryError("digest-invalid", "the digest is missing: finish an upload with ?digest=<algorithm>:<hex>");
}

/** @spec OCI distribution-spec, end-14 */
export async function cancelBlobUpload({ registry, route }: ExchangeAt<"upload">): Promise<Answer> {
  await cancelUpload(registry, route.name, route.id);
  return emptyAnswer(204, { "Docker-Upload-UUID": route.id });
}

async function sayingWhereToGoOn<T>(exchange: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UploadOffsetError)) throw error;
    const headers = uploadHeaders(exchange, error.status);
    throw new HttpError(error.kind, error.message, headers, { details: error.details, cause: error });
  }
}

function uploadAccepted(exchange: Exchange, status: UploadStatus, code: 202 | 204): Answer {
  return emptyAnswer(code, uploadHeaders(exchange, status));
}

function uploadHeaders(exchange: Exchange, status: UploadStatus): AnswerHeaders {
  return {
    Location: locationOf(exchange, status.repository, `blobs/uploads/${status.id}`),
    // The end is inclusive, so that an upload without bytes and one with a single byte look alike here.
    Range: `0-${Math.max(0, status.offsetBytes - 1)}`,
    "Docker-Upload-UUID": status.id,
  };
}

function blobCreated(exchange: Exchange, repository: RepositoryName, digest: Digest): Answer {
  return emptyAnswer(201, {
    Location: locationOf(exchange, repository, `blobs/${digest}`),
    "Docker-Content-Digest": digest,
  });
}
