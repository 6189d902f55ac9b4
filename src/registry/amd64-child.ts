import { DOCKER_MANIFEST_LIST, type Digest, parseManifest, type Reference, type RepositoryName } from "../oci/index.ts";
import { getManifest, getManifestHead } from "./manifests.ts";
import type { Registry } from "./registry.ts";

/**
 * The linux/amd64 image of a Docker manifest list, for clients that know no lists; `undefined` if it is none or has none.
 * @throws RegistryError `manifest-unknown`, `name-unknown`
 */
export async function findAmd64Child(
  registry: Registry,
  name: RepositoryName,
  reference: Reference,
): Promise<Digest | undefined> {
  const { mediaType } = await getManifestHead(registry, name, reference);
  if (mediaType !== DOCKER_MANIFEST_LIST) return undefined;
  const { manifests } = parseManifest((await getManifest(registry, name, reference)).body, mediaType);
  return manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === "amd64")?.digest;
}
