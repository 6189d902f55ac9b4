import { HttpConnection } from "./http-connection.ts";
import { askFor, digestOf, pushBlob, putManifest } from "./push-blob.ts";
import { answerLoad } from "./run-load.ts";
import { makeSmallImage } from "./small-image.ts";

interface FillListsInput {
  readonly port: number;
  /** Gets all the tags; the many repositories mount their blobs from it. */
  readonly taggedRepository: string;
  readonly tags: number;
  readonly repositories: number;
}

const CONCURRENCY = 32;

/** Gives one repository many tags and the registry many repositories, over HTTP as a client would. */
async function fillLists({ port, taggedRepository, tags, repositories }: FillListsInput): Promise<null> {
  const connections = await Promise.all(Array.from({ length: CONCURRENCY }, () => HttpConnection.open(port)));
  const [first] = connections;
  if (first === undefined) return null;
  const image = makeSmallImage("lists");
  await pushBlob(first, taggedRepository, image.config);
  await pushBlob(first, taggedRepository, image.layer);
  await forEachNumber(connections, tags, (connection, number) =>
    putManifest(connection, `/v2/${taggedRepository}/manifests/v${padded(number)}`, image.manifest),
  );
  await forEachNumber(connections, repositories, async (connection, number) => {
    const repository = `bench/many/r${padded(number)}`;
    for (const blob of [image.config, image.layer]) {
      const mount = `mount=${digestOf(blob)}&from=${taggedRepository}`;
      await askFor(201, connection, { method: "POST", path: `/v2/${repository}/blobs/uploads/?${mount}` });
    }
    await putManifest(connection, `/v2/${repository}/manifests/latest`, image.manifest);
  });
  return null;
}

async function forEachNumber(
  connections: readonly HttpConnection[],
  count: number,
  work: (connection: HttpConnection, number: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const takeTurns = async (connection: HttpConnection): Promise<void> => {
    while (next < count) await work(connection, next++);
  };
  await Promise.all(connections.map(takeTurns));
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}

export type FillLists = typeof fillLists;

await answerLoad(fillLists);
