import { digestOf } from "./push-blob.ts";

export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
/** What clients send when they ask for a manifest; docker-registry 2.8 hides manifests that nobody says to accept. */
export const ACCEPT_MANIFESTS = `${MANIFEST_TYPE}, ${INDEX_TYPE}`;
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar";
const CONFIG_BYTES = 2048;
const LAYER_BYTES = 4096;

/** An image of one 2 KiB config and one 4 KiB layer, both different for every seed. */
export interface SmallImage {
  readonly config: Uint8Array;
  readonly layer: Uint8Array;
  readonly manifest: { readonly mediaType: string; readonly bytes: Uint8Array };
}

/** Makes the image that belongs to a seed; the same seed gives the same bytes. */
export function makeSmallImage(seed: string): SmallImage {
  const created = JSON.stringify({ architecture: "amd64", os: "linux", config: { Labels: { seed } } });
  const config = Buffer.from(created.padEnd(CONFIG_BYTES));
  const layer = Buffer.from(seed.padEnd(LAYER_BYTES, "."));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: LAYER_TYPE, digest: digestOf(layer), size: layer.length }],
  });
  return { config, layer, manifest: { mediaType: MANIFEST_TYPE, bytes: Buffer.from(manifest) } };
}
