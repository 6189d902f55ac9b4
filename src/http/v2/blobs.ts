import type { StoredBlob } from "../../metadata/index.ts";
import { type Digest, OCTET_STREAM } from "../../oci/index.ts";
import { type BlobBytes, deleteBlob, getBlob, getBlobHead, readBlob } from "../../registry/index.ts";
import { type Soon, whenThere } from "../../runtime/index.ts";
import type { ByteRange } from "../../storage/index.ts";
import { type Answer, type AnswerHeaders, emptyAnswer, KeptHeaders } from "../answer.ts";
import { parseRange } from "./byte-range.ts";
import { isNotModified } from "./conditional.ts";
import { actOriginOf, type ExchangeAt } from "./exchange.ts";

/** @spec OCI distribution-spec, end-2; RFC 9110, 14 */
export function sendBlob(exchange: ExchangeAt<"blob">): Soon<Answer> {
  const { registry, request, route } = exchange;
  const find = request.method === "HEAD" ? getBlobHead : getBlob;
  return whenThere(find(registry, route.name, route.digest), (blob) => {
    if (isNotModified(request, blob.digest)) return emptyAnswer(304, blobHeaders(blob.digest));
    if (request.method === "HEAD") return emptyAnswer(200, wholeHeaders(blob));
    const range = parseRange(request, blob.digest, blob.sizeBytes);
    return whenThere(readBlob(registry, blob, range), (bytes) => {
      if (bytes instanceof Blob) exchange.transfer.expectLong();
      return range ? partAnswer(blob, range, bytes) : wholeAnswer(request, blob, bytes);
    });
  });
}

function wholeAnswer(request: Request, blob: StoredBlob, bytes: BlobBytes): Answer {
  const body = request.headers.has("range") ? wholeOf(bytes) : bytes;
  return { status: 200, headers: wholeHeaders(blob), body };
}

function partAnswer(blob: StoredBlob, range: ByteRange, body: BlobBytes): Answer {
  const headers = blobHeaders(blob.digest);
  headers["Content-Length"] = String(range.lastByte - range.firstByte + 1);
  headers["Content-Range"] = `bytes ${range.firstByte}-${range.lastByte}/${blob.sizeBytes}`;
  return { status: 206, headers, body };
}

const KEPT_HEADERS = new KeptHeaders();

function wholeHeaders(blob: StoredBlob): AnswerHeaders {
  return KEPT_HEADERS.of(blob, () => ({ ...blobHeaders(blob.digest), "Content-Length": String(blob.sizeBytes) }));
}

/** Bun applies `Range` to a file by itself, even where HTTP wants all of it; a stream it sends as it is. */
function wholeOf(bytes: BlobBytes): Answer["body"] {
  return bytes instanceof Blob ? bytes.stream() : bytes;
}

function blobHeaders(digest: Digest): AnswerHeaders {
  return {
    "Content-Type": OCTET_STREAM,
    // A browser must not show what somebody pushed as a page of this host.
    "Content-Disposition": "attachment",
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "Cache-Control": "max-age=31536000",
    "Accept-Ranges": "bytes",
  };
}

/** @spec OCI distribution-spec, end-10 */
export async function removeBlob(exchange: ExchangeAt<"blob">): Promise<Answer> {
  const { registry, route } = exchange;
  await deleteBlob(registry, { repository: route.name, digest: route.digest, by: actOriginOf(exchange) });
  return emptyAnswer(202);
}
