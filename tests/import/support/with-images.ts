import { startBerth } from "../../support/berth.ts";
import { type Image, makeImage } from "../../support/image.ts";
import { connectTo, type RegistryClient } from "../../support/registry-client.ts";
import type { RunningRegistry } from "../../support/registry-process.ts";

export interface WithImages {
  readonly berth: RunningRegistry;
  readonly client: RegistryClient;
  /** For two platforms. */
  readonly index: Image;
  readonly docker: Image;
}

/** A registry with nothing in it, and images that it does not have yet. */
export async function startWithImages(seed: string): Promise<WithImages> {
  const platforms = ["linux/amd64", "linux/arm64"];
  const index = await makeImage({ seed, layerBytes: [200_000, 1000], platforms });
  const docker = await makeImage({ seed: `${seed}-docker`, layerBytes: [100_000, 500], format: "docker" });
  const berth = await startBerth();
  const client = await connectTo(berth);
  return { berth, client, index, docker };
}
