import { type Image, makeImage } from "../../support/image.ts";

const platforms = ["linux/amd64", "linux/arm64"];
const made = new Map<string, Promise<Image>>();

function once(name: string, make: () => Promise<Image>): () => Promise<Image> {
  return () => {
    const image = made.get(name) ?? make();
    made.set(name, image);
    return image;
  };
}

/** Five layers, from one byte to 3 MB. */
export const layeredImage = once("layered", () =>
  makeImage({ seed: "layered", layerBytes: [1, 511, 70_000, 1_048_576, 3_000_001] }),
);

/** One layer of 200 MB beside a small one. */
export const largeImage = once("large", () => makeImage({ seed: "large", layerBytes: [200_000_000, 1000] }));

/** An OCI index of two platforms. */
export const ociIndex = once("index", () => makeImage({ seed: "index", layerBytes: [100_000, 2000], platforms }));

/** A Docker manifest list of two platforms. */
export const dockerList = once("list", () =>
  makeImage({ seed: "list", layerBytes: [100_000, 3000], platforms, format: "docker" }),
);

/** A Docker image of three layers. */
export const dockerImage = once("docker", () =>
  makeImage({ seed: "docker", layerBytes: [10_000, 500_000, 1_500_000], format: "docker" }),
);
