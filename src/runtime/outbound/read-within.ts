import { OutboundError } from "./outbound-error.ts";

/** Statuses of answers that have no body. */
const WITHOUT_BODY = new Set([101, 204, 205, 304]);

/** The answer with its body in memory. @throws OutboundError `too-large` */
export async function readWithin(response: Response, maxBytes: number, host: string): Promise<Response> {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // The body is unpacked already.
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  if (WITHOUT_BODY.has(status)) return new Response(null, { status, statusText, headers });
  return new Response(await collect(response, maxBytes, host), { status, statusText, headers });
}

async function collect(response: Response, maxBytes: number, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let totalBytes = 0;
  for await (const piece of response.body ?? []) {
    totalBytes += piece.byteLength;
    if (totalBytes > maxBytes)
      throw new OutboundError("too-large", `the answer of ${host} is longer than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
