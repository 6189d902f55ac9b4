import { algorithmOf, type Digest, hexOf, parseManifest, RegistryError } from "../../oci/index.ts";
import { getManifest, type Registry } from "../../registry/index.ts";
import type { ExportContent, ExportRoot } from "./collect-content.ts";

/** An entry of `manifest.json`, by which `docker load` finds an image in an archive. */
export interface DockerImage {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

/** Where a layout has content. */
export function pathOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/**
 * What `manifest.json` says of the tagged images of an export; each is of one platform there, of an index the first that is in it.
 * @throws RegistryError if one of them is no image
 */
export async function describeForDocker(registry: Registry, content: ExportContent): Promise<readonly DockerImage[]> {
  const byConfig = new Map<string, DockerImage>();
  for (const root of content.roots) {
    if (root.tag === undefined && content.roots.length > 1) continue;
    const image = await describeImage(registry, content, root);
    const names = byConfig.get(image.Config)?.RepoTags ?? [];
    byConfig.set(image.Config, { ...image, RepoTags: [...names, ...image.RepoTags] });
  }
  return [...byConfig.values()];
}

async function describeImage(registry: Registry, content: ExportContent, root: ExportRoot): Promise<DockerImage> {
  const { repository, tag } = root;
  let digest: Digest | undefined = root.digest;
  while (digest !== undefined) {
    const { body, mediaType } = await getManifest(registry, repository, { kind: "digest", digest });
    const { manifests, blobs } = parseManifest(body, mediaType);
    const [config, ...layers] = blobs;
    if (config && !CONFIGS.has(config.mediaType)) break;
    if (config)
      return {
        Config: pathOf(config.digest),
        RepoTags: tag === undefined ? [] : [`${repository}:${tag}`],
        Layers: layers.map((layer) => pathOf(layer.digest)),
      };
    digest = manifests.find((child) => content.manifests.has(child.digest))?.digest;
  }
  const name = tag === undefined ? `${repository}@${root.digest}` : `${repository}:${tag}`;
  throw new RegistryError(
    "manifest-invalid",
    `${name} is no container image: docker load cannot take it, use export oci`,
  );
}

const CONFIGS: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);
