import { RegistryError } from "../../oci/index.ts";
import { withoutPrefix } from "../destination.ts";
import type { ConnectionInfo } from "../listener/index.ts";
import type { RequestHandler } from "../request-handler.ts";
import { decodePath, pathOf, targetOf } from "../request-target.ts";
import { matchRoute } from "../v2/match-route.ts";
import { CLIENT_HEADER, writeClient } from "./client-header.ts";

/** The serving processes of this registry. */
export interface SiblingProcesses {
  /** The position of this one. */
  readonly index: number;
  readonly count: number;
  /** The position of the one that works on an upload. */
  readonly ownerOf: (uploadId: string) => number;
  /** The path of the socket on which the one at `index` listens for the others. */
  readonly socketOf: (index: number) => string;
}

/**
 * The same handler, which passes requests for uploads of other processes on to those.
 * @param prefix in front of every path, with a slash at both ends
 */
export function passOnUploads(handle: RequestHandler, siblings: SiblingProcesses, prefix: string): RequestHandler {
  return (request, connection) => {
    const id = uploadIdOf(request.url, prefix);
    if (id === undefined) return handle(request, connection);
    const owner = siblings.ownerOf(id);
    if (owner === siblings.index) return handle(request, connection);
    return passOn(request, connection, { socket: siblings.socketOf(owner), handle });
  };
}

/** Of the path as the request handler will read it. */
function uploadIdOf(url: string, prefix: string): string | undefined {
  // Most requests are for something else.
  if (!url.includes("uploads") && !url.includes("%")) return undefined;
  const route = matchRoute(withoutPrefix(decodedPathOf(url), prefix));
  return route?.kind === "upload" ? route.id : undefined;
}

/** `""` if it cannot be read, which the request handler will say. */
function decodedPathOf(url: string): string {
  try {
    return decodePath(pathOf(targetOf(url)));
  } catch {
    return "";
  }
}

async function passOn(
  request: Request,
  connection: ConnectionInfo,
  { socket, handle }: { readonly socket: string; readonly handle: RequestHandler },
): Promise<Response> {
  const { method, body, signal } = request;
  const ask = () =>
    fetch(`http://sibling${targetOf(request.url)}`, {
      unix: socket,
      method,
      headers: headersFor(request, connection),
      body,
      signal,
      redirect: "manual",
      decompress: false,
      // The owner may read a large upload back before it answers.
      timeout: false,
    });
  try {
    const answer = await (body === null ? connection.withoutIdleTimeout(ask) : whileMoving(connection, ask));
    return new Response(answer.body, { status: answer.status, headers: endToEnd(answer.headers) });
  } catch (cause) {
    const message = "the process that works on this upload did not answer: ask where it stands, and go on from there";
    return handle(request, connection, new RegistryError("unavailable", message, { cause }));
  }
}

/** Here is where a client that sends nothing more is cut; the sockets of siblings have no time-outs. */
function whileMoving<T>(connection: ConnectionInfo, ask: () => Promise<T>): Promise<T> {
  connection.expectLongTransfer();
  return ask();
}

function headersFor(request: Request, connection: ConnectionInfo): Headers {
  const headers = endToEnd(request.headers);
  headers.set(CLIENT_HEADER, writeClient(connection));
  // Else the runtime would name itself.
  if (!headers.has("user-agent")) headers.set("user-agent", "");
  return headers;
}

/** What is between client and server alone, and settled here. @spec RFC 9110, 7.6.1 */
const HOP_BY_HOP = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

function endToEnd(headers: Headers): Headers {
  const kept = new Headers(headers);
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim());
  for (const name of [...HOP_BY_HOP, ...named]) if (/^[\w-]+$/.test(name)) kept.delete(name);
  return kept;
}
