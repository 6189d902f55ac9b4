import { essenceOf, RegistryError } from "../oci/index.ts";

/** An ID token with many claims has a few thousand. */
const MAX_BYTES = 64 * 1024;

const FORM = "application/x-www-form-urlencoded";

/**
 * The text of a short body of this media type. What a form of another site can send without asking is not taken for JSON.
 * @throws RegistryError `bad-request`, `upload-interrupted`
 */
export async function readSmallBody(request: Request, mediaType: string): Promise<string> {
  if (essenceOf(request.headers.get("content-type") ?? "") !== mediaType)
    throw new RegistryError("bad-request", `the body must be ${mediaType}`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BYTES) throw tooLong();
  try {
    return await readText(request);
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    throw new RegistryError("upload-interrupted", "the request ended before its body did: send it again", { cause });
  }
}

/** The fields of a form that was sent as a body. @throws RegistryError as {@link readSmallBody} */
export async function readForm(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await readSmallBody(request, FORM));
}

async function readText(request: Request): Promise<string> {
  const pieces: Uint8Array[] = [];
  let totalBytes = 0;
  for await (const piece of request.body ?? []) {
    totalBytes += piece.byteLength;
    if (totalBytes > MAX_BYTES) throw tooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function tooLong(): RegistryError {
  return new RegistryError("bad-request", `the body is longer than ${MAX_BYTES} bytes: ask for less at once`);
}
