import { digestOf } from "./push-blob.ts";
import { MANIFEST_TYPE } from "./small-image.ts";

/** An image of a config and some layers, and where it is pushed to. */
export interface LayeredImage {
  readonly repository: string;
  readonly tag: string;
  readonly config: Uint8Array;
  readonly layers: readonly Uint8Array[];
  readonly manifest: { readonly mediaType: string; readonly bytes: Uint8Array };
}

export const POPULAR_IMAGES = 10;
const LAYER_BYTES = [4_000_000, 1_600_000, 600_000, 250_000, 100_000] as const;
const CONFIG_BYTES = 6000;

/** One of the ten images that most clients want: five layers of 0.1 to 4 MB; the same number gives the same bytes. */
export function makePopularImage(number: number): LayeredImage {
  const layers = LAYER_BYTES.map((bytes, index) => Buffer.alloc(bytes, `image ${number} layer ${index} `));
  return makeImage(`mix/app-${number}`, "stable", layers);
}

/** What a build makes of a popular image: its last but one layer is new, all others are there already. */
export function makeDerivedImage(base: LayeredImage, seed: string): LayeredImage {
  const changed = base.layers.length - 2;
  const layers = base.layers.map((layer, index) =>
    index === changed ? Buffer.alloc(layer.length, `build ${seed} `) : layer,
  );
  return makeImage(base.repository, seed, layers);
}

/** Digests of layers that many images share; hashing them again for each would cost the client more than its pushes. */
const digests = new WeakMap<Uint8Array, string>();

/** The digest of a part of an image, computed once. */
export function digestOfPart(part: Uint8Array): string {
  const digest = digests.get(part) ?? digestOf(part);
  digests.set(part, digest);
  return digest;
}

function makeImage(repository: string, tag: string, layers: readonly Uint8Array[]): LayeredImage {
  const created = { architecture: "amd64", os: "linux", config: { Labels: { build: `${repository}:${tag}` } } };
  const config = Buffer.from(JSON.stringify(created).padEnd(CONFIG_BYTES));
  const describe = (kind: string, part: Uint8Array) => ({
    mediaType: `application/vnd.oci.image.${kind}`,
    digest: digestOfPart(part),
    size: part.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: describe("config.v1+json", config),
    layers: layers.map((layer) => describe("layer.v1.tar+gzip", layer)),
  });
  return { repository, tag, config, layers, manifest: { mediaType: MANIFEST_TYPE, bytes: Buffer.from(manifest) } };
}
