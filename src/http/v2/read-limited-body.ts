import { RegistryError } from "../../oci/index.ts";

/**
 * The whole body in memory, if it is small enough.
 * @throws RegistryError `manifest-too-large`, `upload-interrupted`
 */
export async function readLimitedBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number.parseInt(request.headers.get("content-length") ?? "0", 10) > maxBytes) throw tooLarge(maxBytes);
  try {
    return await collect(request, maxBytes);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError("upload-interrupted", "the request ended before its body did: send it again", {
      cause: error,
    });
  }
}

async function collect(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.headers.has("content-length")) return request.bytes();
  const pieces: Uint8Array[] = [];
  let totalBytes = 0;
  for await (const piece of request.body ?? []) {
    totalBytes += piece.byteLength;
    if (totalBytes > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(maxBytes: number): RegistryError {
  return new RegistryError("manifest-too-large", `a manifest has at most ${maxBytes} bytes`, { detail: { maxBytes } });
}
