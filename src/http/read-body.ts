import { essenceOf, RegistryError } from "../oci/index.ts";
import { collectBytes } from "../runtime/index.ts";

/** An ID token with many claims has a few thousand. */
const MAX_SMALL_BYTES = 64 * 1024;

const FORM = "application/x-www-form-urlencoded";

/**
 * The whole body in memory, if it is small enough.
 * @param tooLarge makes the error for one that is not
 * @throws RegistryError `upload-interrupted`, or what `tooLarge` makes
 */
export async function readBody(request: Request, maxBytes: number, tooLarge: () => RegistryError): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (Number.parseInt(length ?? "0", 10) > maxBytes) throw tooLarge();
  const bytes = await (length === null ? collectBytes(request.body, maxBytes) : request.bytes()).catch(
    (cause: unknown) => {
      throw new RegistryError("upload-interrupted", "the request ended before its body did: send it again", { cause });
    },
  );
  if (bytes) return bytes;
  throw tooLarge();
}

/**
 * The text of a short body of this media type. What a form of another site can send without asking is not taken for JSON.
 * @throws RegistryError `bad-request`, `upload-interrupted`
 */
export async function readSmallBody(request: Request, mediaType: string): Promise<string> {
  if (essenceOf(request.headers.get("content-type") ?? "") !== mediaType)
    throw new RegistryError("bad-request", `the body must be ${mediaType}`);
  return Buffer.from(await readBody(request, MAX_SMALL_BYTES, tooLong)).toString();
}

/** The fields of a form that was sent as a body. @throws RegistryError as {@link readSmallBody} */
export async function readForm(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await readSmallBody(request, FORM));
}

function tooLong(): RegistryError {
  return new RegistryError("bad-request", `the body is longer than ${MAX_SMALL_BYTES} bytes: ask for less at once`);
}
