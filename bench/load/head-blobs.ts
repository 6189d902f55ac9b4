import { HttpConnection } from "./http-connection.ts";
import { answerLoad } from "./run-load.ts";

interface HeadBlobsInput {
  readonly port: number;
  readonly paths: readonly string[];
  readonly concurrency: number;
  readonly seconds: number;
  readonly expectedStatus: number;
}

interface HeadBlobsResult {
  readonly requests: number;
  readonly seconds: number;
}

/** Asks HEAD round and round the paths; wrk cannot, as it waits for the body that a HEAD does not have. */
async function headBlobs({
  port,
  paths,
  concurrency,
  seconds,
  expectedStatus,
}: HeadBlobsInput): Promise<HeadBlobsResult> {
  const connections = await Promise.all(Array.from({ length: concurrency }, () => HttpConnection.open(port)));
  const startedAt = performance.now();
  let requests = 0;
  const askUntilEnd = async (connection: HttpConnection): Promise<void> => {
    while (performance.now() - startedAt < seconds * 1000) {
      const path = paths[requests % paths.length] ?? "/";
      requests += 1;
      const { status } = await connection.ask({ method: "HEAD", path });
      if (status !== expectedStatus) throw new Error(`HEAD ${path}: ${status}`);
    }
  };
  await Promise.all(connections.map(askUntilEnd));
  return { requests, seconds: (performance.now() - startedAt) / 1000 };
}

export type HeadBlobs = typeof headBlobs;

await answerLoad(headBlobs);
