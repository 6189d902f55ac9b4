import type { BenchRun } from "../bench-run.ts";
import type { Endpoint } from "../load/http-connection.ts";
import { HttpConnection } from "../load/http-connection.ts";
import { digestOf, pushBlob, putManifest } from "../load/push-blob.ts";
import { makeSmallImage, type SmallImage } from "../load/small-image.ts";
import { putStaticFile } from "../peers/start-nginx.ts";

/** Paths that every peer answers with the same bytes. */
export interface SeededPaths {
  readonly manifests: readonly string[];
  readonly blobs: readonly string[];
}

interface SeedImage extends SmallImage {
  readonly manifestPath: string;
  readonly blobPath: string;
}

export const SEEDED_REPOSITORY = "bench/app";
const IMAGES = 50;

/** Pushes the same fifty small images to both registries and lays their bytes out for nginx, once a run. */
export async function seedImages(run: BenchRun): Promise<SeededPaths> {
  return run.once("images", async () => {
    for (const peer of run.registries) await pushSeedImages(peer);
    return seedImageFiles(run.nginxFolder);
  });
}

/** Pushes the fifty images to one registry. */
export async function pushSeedImages(registry: Endpoint): Promise<void> {
  const connection = await HttpConnection.open(registry);
  for (const image of makeSeedImages()) {
    await pushBlob(connection, SEEDED_REPOSITORY, image.config);
    await pushBlob(connection, SEEDED_REPOSITORY, image.layer);
    await putManifest(connection, image.manifestPath, image.manifest);
  }
  connection.close();
}

/** Lays the bytes of the fifty images out for one nginx. */
export async function seedImageFiles(nginxFolder: string): Promise<SeededPaths> {
  const images = makeSeedImages();
  for (const { manifestPath, manifest, blobPath, config } of images) {
    await putStaticFile(nginxFolder, manifestPath, manifest.bytes);
    await putStaticFile(nginxFolder, blobPath, config);
  }
  return { manifests: images.map((image) => image.manifestPath), blobs: images.map((image) => image.blobPath) };
}

function makeSeedImages(): readonly SeedImage[] {
  return Array.from({ length: IMAGES }, (_, number) => {
    const image = makeSmallImage(`seed-${number}`);
    const manifestPath = `/v2/${SEEDED_REPOSITORY}/manifests/t${number}`;
    return { ...image, manifestPath, blobPath: `/v2/${SEEDED_REPOSITORY}/blobs/${digestOf(image.config)}` };
  });
}
