import { RegistryError, shorten } from "../../oci/index.ts";
import type { ContentRange } from "../../registry/index.ts";

// The specification has no unit here; some clients send one all the same.
const CONTENT_RANGE = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/;

/**
 * Which bytes of the blob a chunk carries; `undefined` if the request does not say.
 * @throws RegistryError `content-range-invalid`, `size-invalid`
 * @spec OCI distribution-spec, "Pushing a blob in chunks"
 */
export function parseContentRange(request: Request): ContentRange | undefined {
  const header = request.headers.get("content-range");
  if (header === null) return undefined;
  const match = CONTENT_RANGE.exec(header);
  const range = { firstByte: Number(match?.[1]), lastByte: Number(match?.[2]) };
  if (!match || range.firstByte > range.lastByte || !Number.isSafeInteger(range.lastByte))
    throw new RegistryError("content-range-invalid", "Content-Range is <first byte>-<last byte>, both inclusive", {
      detail: { contentRange: shorten(header) },
    });
  requireSameLength(request, range);
  return range;
}

function requireSameLength(request: Request, range: ContentRange): void {
  const length = request.headers.get("content-length");
  const rangeBytes = range.lastByte - range.firstByte + 1;
  if (length !== null && Number.parseInt(length, 10) !== rangeBytes)
    throw new RegistryError("size-invalid", `Content-Range covers ${rangeBytes} bytes, Content-Length says ${length}`);
}
