import type { ConnectionInfo } from "../listener/index.ts";
import type { Metrics } from "../observation/index.ts";
import type { RequestHandler } from "../request-handler.ts";
import { CLIENT_HEADER, readClient } from "./client-header.ts";
import type { SiblingReading } from "./metrics-ledger.ts";

export interface SiblingHandlerOptions {
  readonly metrics: Pick<Metrics, "read">;
  /** How often the process of this place was started again. */
  readonly restarts: number;
}

/**
 * Answers the other processes: requests of clients that they pass on, which come with `CLIENT_HEADER`, and what this one counted.
 */
export function createSiblingHandler(handle: RequestHandler, options: SiblingHandlerOptions): RequestHandler {
  const { metrics, restarts } = options;
  return async (request, connection) => {
    const client = request.headers.get(CLIENT_HEADER);
    if (client !== null) return handle(request, connectionOf(client, connection));
    const reading: SiblingReading = { restarts, metrics: await metrics.read() };
    return Response.json(reading);
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
