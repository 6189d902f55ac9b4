import type { RegistryError } from "../oci/index.ts";
import type { Soon } from "../runtime/index.ts";
import { type Edge, prepareEdge } from "./edge.ts";
import type { ConnectionInfo } from "./listener/index.ts";
import { Visit } from "./visit.ts";

/** @param refusal an error that the request is answered with, whatever it asks for */
export type RequestHandler = (request: Request, connection: ConnectionInfo, refusal?: RegistryError) => Soon<Response>;

/** Makes the function that answers every request of the main address. */
export function createRequestHandler(edge: Edge): RequestHandler {
  const prepared = prepareEdge(edge);
  return (request, connection, refusal) => new Visit(prepared, request, connection).answer(refusal);
}
