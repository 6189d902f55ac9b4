import { RegistryError } from "../../oci/index.ts";

const MAX_BYTES = 64 * 1024;

/** The text of a short body of this media type. @throws RegistryError `bad-request` */
export async function readSmallBody(request: Request, mediaType: string): Promise<string> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  // What a form of another site can send without asking is not taken for JSON.
  if (type.trim().toLowerCase() !== mediaType) throw new RegistryError("bad-request", `the body must be ${mediaType}`);
  const pieces: Uint8Array[] = [];
  let totalBytes = 0;
  for await (const piece of request.body ?? []) {
    totalBytes += piece.byteLength;
    if (totalBytes > MAX_BYTES) throw new RegistryError("bad-request", `the body has at most ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
