import type { Digest } from "../../oci/index.ts";
import type { ByteRange } from "../../storage/index.ts";
import { HttpError } from "../http-error.ts";

/**
 * The unit may be in any case, and spaces may stand around the numbers, as Go's servers allow; inside they are not. A run of
 * spaces ends at what is none: else a head full of them would be tried in more ways than anybody can wait for.
 */
const RANGE = /^bytes= *(?:(\d+) *)?- *(?:(\d+) *)?$/i;

/**
 * The part of a blob that the request asks for; `undefined` for all of it. Several ranges at once, and a unit or a form
 * that is not understood, are answered with the whole, as HTTP allows.
 * @throws HttpError `range-not-satisfiable`
 * @spec RFC 9110, 14.2
 */
export function parseRange(request: Request, digest: Digest, sizeBytes: number): ByteRange | undefined {
  const match = RANGE.exec(request.headers.get("range") ?? "");
  if (!match || !isSameContent(request, digest)) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const range =
    first === ""
      ? { firstByte: Math.max(0, sizeBytes - Number(last)), lastByte: sizeBytes - 1 }
      : { firstByte: Number(first), lastByte: Math.min(last === "" ? Infinity : Number(last), sizeBytes - 1) };
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (range.firstByte <= range.lastByte) return range;
  throw new HttpError(
    "range-not-satisfiable",
    `the blob has ${sizeBytes} bytes, none of them in the range asked for`,
    { "Content-Range": `bytes */${sizeBytes}` },
    { detail: { size: sizeBytes } },
  );
}

/** With `If-Range` a part is wanted only if the content is still the same; otherwise all of it. */
function isSameContent(request: Request, digest: Digest): boolean {
  const condition = request.headers.get("if-range");
  return condition === null || condition === `"${digest}"`;
}
