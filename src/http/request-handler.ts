import type { RegistryError } from "../oci/index.ts";
import { Networks, type Soon } from "../runtime/index.ts";
import { CommonHeaders } from "./answer.ts";
import { ClientCertificates } from "./client-certificates.ts";
import type { Edge } from "./edge.ts";
import { clientView } from "./forwarded.ts";
import type { ConnectionInfo } from "./listener/index.ts";
import { type PreparedEdge, Visit } from "./visit.ts";

/** @param refusal an error that the request is answered with, whatever it asks for */
export type RequestHandler = (request: Request, connection: ConnectionInfo, refusal?: RegistryError) => Soon<Response>;

/** Makes the function that answers every request of the main address. */
export function createRequestHandler(edge: Edge): RequestHandler {
  const proxies = new Networks(edge.options.trustedProxies);
  const commonHeaders = new CommonHeaders({
    ...edge.options.headers,
    "Docker-Distribution-Api-Version": "registry/2.0",
  });
  const certificates = new ClientCertificates(edge.options.certificateHeader, proxies);
  const prepared: PreparedEdge = { ...edge, commonHeaders, certificates };
  return (request, connection, refusal) => {
    const client = clientView(request, connection, proxies);
    return new Visit(prepared, request, connection, client).answer(refusal);
  };
}
