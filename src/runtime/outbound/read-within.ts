import { collectBytes } from "../collect-bytes.ts";
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
  const bytes = await collectBytes(response.body, maxBytes);
  if (bytes) return new Response(bytes, { status, statusText, headers });
  throw new OutboundError("too-large", `the answer of ${host} is longer than ${maxBytes} bytes`);
}
