import type { ConnectionInfo } from "../listener/index.ts";
import type { Metrics } from "../observation/index.ts";
import type { RequestHandler } from "../request-handler.ts";
import { CLIENT_HEADER, readClient } from "./client-header.ts";

/** Under a path that no client can ask for here: what it asks for is passed on with `CLIENT_HEADER`. */
export const METRICS_PATH = "/metrics";

/** Answers the other processes: requests of clients that they pass on, and what this one counted. */
export function createSiblingHandler(handle: RequestHandler, metrics: Pick<Metrics, "read">): RequestHandler {
  return async (request, connection) => {
    const client = request.headers.get(CLIENT_HEADER);
    if (client === null) return Response.json(await metrics.read());
    return handle(request, connectionOf(client, connection));
  };
}

/** The client's own connection, with the time-outs of the one that its request comes on. */
function connectionOf(client: string, connection: ConnectionInfo): ConnectionInfo {
  return {
    ...readClient(client),
    expectLongTransfer: () => connection.expectLongTransfer(),
    withoutIdleTimeout: (work) => connection.withoutIdleTimeout(work),
  };
}
