import type { BenchRun } from "../bench-run.ts";
import { HttpConnection } from "../load/http-connection.ts";
import { digestOf, pushBlob, putManifest } from "../load/push-blob.ts";
import { makeSmallImage } from "../load/small-image.ts";
import { putStaticFile } from "../peers/start-nginx.ts";

/** Paths that every peer answers with the same bytes. */
export interface SeededPaths {
  readonly manifests: readonly string[];
  readonly blobs: readonly string[];
}

export const SEEDED_REPOSITORY = "bench/app";
const IMAGES = 50;

/** Pushes the same fifty small images to both registries and lays their bytes out for nginx, once a run. */
export async function seedImages(run: BenchRun): Promise<SeededPaths> {
  return run.once("images", async () => {
    const images = Array.from({ length: IMAGES }, (_, number) => {
      const image = makeSmallImage(`seed-${number}`);
      const manifestPath = `/v2/${SEEDED_REPOSITORY}/manifests/t${number}`;
      const blobPath = `/v2/${SEEDED_REPOSITORY}/blobs/${digestOf(image.config)}`;
      return { ...image, manifestPath, blobPath };
    });
    for (const peer of run.registries) {
      const connection = await HttpConnection.open(peer.port);
      for (const image of images) {
        await pushBlob(connection, SEEDED_REPOSITORY, image.config);
        await pushBlob(connection, SEEDED_REPOSITORY, image.layer);
        await putManifest(connection, image.manifestPath, image.manifest);
      }
      connection.close();
    }
    for (const { manifestPath, manifest, blobPath, config } of images) {
      await putStaticFile(run.nginxFolder, manifestPath, manifest.bytes);
      await putStaticFile(run.nginxFolder, blobPath, config);
    }
    return { manifests: images.map((image) => image.manifestPath), blobs: images.map((image) => image.blobPath) };
  });
}
