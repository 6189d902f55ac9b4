import { RegistryError } from "../../oci/index.ts";
import { responseOf } from "../answer.ts";
import { errorAnswer } from "../error-answer.ts";
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

export interface PassingOn {
  readonly prefix: string;
  readonly siblings: SiblingProcesses;
  readonly reportProblem: (message: string, error: unknown) => void;
}

/** The same handler, which passes requests for uploads of other processes on to those. */
export function passOnUploads(handle: RequestHandler, passing: PassingOn): RequestHandler {
  const { prefix, siblings } = passing;
  return (request, connection) => {
    const id = uploadIdOf(request.url, prefix);
    if (id === undefined) return handle(request, connection);
    const owner = siblings.ownerOf(id);
    if (owner === siblings.index) return handle(request, connection);
    return passOn(request, connection, { ...passing, socket: siblings.socketOf(owner) });
  };
}

/** Of the path as the request handler will read it. */
function uploadIdOf(url: string, prefix: string): string | undefined {
  // Most requests are for something else.
  if (!url.includes("uploads") && !url.includes("%")) return undefined;
  const path = decodedPathOf(url);
  const route = path?.startsWith(prefix) ? matchRoute(path.slice(prefix.length - 1)) : undefined;
  return route?.kind === "upload" ? route.id : undefined;
}

/** `undefined` if it cannot be read, which the request handler will say. */
function decodedPathOf(url: string): string | undefined {
  try {
    return decodePath(pathOf(targetOf(url)));
  } catch {
    return undefined;
  }
}

async function passOn(
  request: Request,
  connection: ConnectionInfo,
  { socket, reportProblem }: PassingOn & { readonly socket: string },
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
    });
  try {
    // The other process cuts who is silent.
    const answer = await connection.withoutIdleTimeout(ask);
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  } catch (cause) {
    if (!signal.aborted) reportProblem("a request could not be passed on to the process that has its upload", cause);
    const message =
      "the process that works on this upload is being started again: ask where it stands, and go on from there";
    const error = new RegistryError("unavailable", message, { cause });
    return responseOf(errorAnswer(error, { method, challenge: "", allow: "" }));
  }
}

function headersFor(request: Request, connection: ConnectionInfo): Headers {
  const headers = new Headers(request.headers);
  // Between client and this process it is settled.
  for (const name of ["expect", "connection", "keep-alive", "transfer-encoding"]) headers.delete(name);
  headers.set(CLIENT_HEADER, writeClient(connection));
  return headers;
}
