import { HttpConnection } from "./http-connection.ts";
import { pushBlob, putManifest } from "./push-blob.ts";
import { answerLoad } from "./run-load.ts";
import { makeSmallImage } from "./small-image.ts";

interface PushImagesInput {
  readonly port: number;
  readonly repository: string;
  readonly concurrency: number;
  readonly seconds: number;
  /** Makes the images of one round differ from every other round's. */
  readonly seed: string;
}

interface PushImagesResult {
  readonly images: number;
  readonly seconds: number;
}

/** Pushes whole images, five requests each, over a fixed number of connections until the time is over. */
async function pushImages({
  port,
  repository,
  concurrency,
  seconds,
  seed,
}: PushImagesInput): Promise<PushImagesResult> {
  const connections = await Promise.all(Array.from({ length: concurrency }, () => HttpConnection.open(port)));
  const startedAt = performance.now();
  let images = 0;
  const pushUntilEnd = async (connection: HttpConnection, lane: number): Promise<void> => {
    for (let turn = 0; performance.now() - startedAt < seconds * 1000; turn += 1) {
      await pushImage(connection, repository, `${seed}-${lane}-${turn}`);
      images += 1;
    }
  };
  await Promise.all(connections.map(pushUntilEnd));
  return { images, seconds: (performance.now() - startedAt) / 1000 };
}

async function pushImage(connection: HttpConnection, repository: string, seed: string): Promise<void> {
  const image = makeSmallImage(seed);
  await pushBlob(connection, repository, image.config);
  await pushBlob(connection, repository, image.layer);
  await putManifest(connection, `/v2/${repository}/manifests/${seed}`, image.manifest);
}

export type PushImages = typeof pushImages;

await answerLoad(pushImages);
