import {
  type Descriptor,
  type Digest,
  isManifestMediaType,
  isNonDistributable,
  isTag,
  type Manifest,
  parseManifest,
  referrersTagOf,
  RegistryError,
  type RepositoryName,
} from "../../oci/index.ts";
import { getManifest, listReferrers, type Registry } from "../../registry/index.ts";
import type { ChosenImage } from "./select-images.ts";
import { isOfPlatform, type WantedPlatform } from "./wanted-platform.ts";

export interface ContentWish {
  readonly images: readonly ChosenImage[];
  /** Of an index only these; empty: all. */
  readonly platforms: readonly WantedPlatform[];
  /** Also what refers to the images and their platforms: signatures, attestations, SBOMs. */
  readonly referrers: boolean;
}

/** A manifest that an export names. */
export interface ExportRoot extends ChosenImage {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** Where content is found: any of the repositories that have it. */
export interface Located {
  readonly repository: RepositoryName;
  readonly sizeBytes: number;
}

/** All that belongs to an export. Holds digests, not content. */
export interface ExportContent {
  readonly roots: readonly ExportRoot[];
  readonly manifests: ReadonlyMap<Digest, Located>;
  readonly blobs: ReadonlyMap<Digest, Located>;
}

/**
 * Walks from the images to all that they name.
 * @throws RegistryError if something of it is missing
 */
export async function collectContent(registry: Registry, wish: ContentWish): Promise<ExportContent> {
  const collector = new Collector(registry, wish);
  for (const image of wish.images) await collector.addRoot(image);
  return collector;
}

const ATTACHED = ["", ".sig", ".att", ".sbom"];

class Collector implements ExportContent {
  readonly roots: ExportRoot[] = [];
  readonly manifests = new Map<Digest, Located>();
  readonly blobs = new Map<Digest, Located>();
  readonly #registry: Registry;
  readonly #wish: ContentWish;
  readonly #named = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(registry: Registry, wish: ContentWish) {
    this.#registry = registry;
    this.#wish = wish;
  }

  async addRoot(image: ChosenImage): Promise<void> {
    const { repository, tag } = image;
    const digest = await this.#onlyPlatform(repository, image.digest);
    if (tag === undefined && this.#named.has(`${repository}@${digest}`)) return;
    if (this.#named.has(`${repository}:${tag ?? digest}`)) return;
    this.#named.add(`${repository}:${tag ?? digest}`).add(`${repository}@${digest}`);
    const { mediaType, sizeBytes } = await getManifest(this.#registry, repository, { kind: "digest", digest });
    this.roots.push({ repository, digest, tag, mediaType, sizeBytes });
    await this.#addManifest(repository, digest);
  }

  /** Of an index of which one platform is wanted: the image of that platform. */
  async #onlyPlatform(repository: RepositoryName, digest: Digest): Promise<Digest> {
    const [platform, ...others] = this.#wish.platforms;
    if (!platform || others.length > 0) return digest;
    const { manifests } = await this.#read(repository, digest);
    const child = manifests.find((each) => isOfPlatform(each, platform));
    if (child) return child.digest;
    if (manifests.length === 0) return digest;
    const wanted = `${platform.os}/${platform.architecture}`;
    throw new RegistryError("manifest-unknown", `${repository}@${digest} has no image for ${wanted}`);
  }

  async #addManifest(repository: RepositoryName, digest: Digest): Promise<void> {
    const key = `${repository}@${digest}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const manifest = await this.#read(repository, digest);
    for (const child of manifest.manifests) await this.#addChild(repository, child);
    for (const blob of manifest.blobs) await this.#addBlob(repository, blob);
    if (this.#wish.referrers) await this.#addReferrers(repository, digest);
  }

  async #read(repository: RepositoryName, digest: Digest): Promise<Manifest> {
    const { body, mediaType } = await getManifest(this.#registry, repository, { kind: "digest", digest });
    this.manifests.set(digest, { repository, sizeBytes: body.byteLength });
    return parseManifest(body, mediaType);
  }

  async #addChild(repository: RepositoryName, child: Descriptor): Promise<void> {
    const { platforms } = this.#wish;
    if (platforms.length > 0 && !platforms.some((platform) => isOfPlatform(child, platform))) return;
    if (!isManifestMediaType(child.mediaType)) await this.#addBlob(repository, child);
    // An index may have been pushed without some of its images.
    else if (await this.#registry.metadata.hot.findManifestHeadByDigest(repository, child.digest))
      await this.#addManifest(repository, child.digest);
  }

  async #addBlob(repository: RepositoryName, { digest, mediaType }: Descriptor): Promise<void> {
    const found = await this.#registry.metadata.hot.findBlobInRepository(repository, digest);
    if (found) this.blobs.set(digest, { repository, sizeBytes: found.sizeBytes });
    else if (!isNonDistributable(mediaType))
      throw new RegistryError("blob-unknown", `${repository} has no blob ${digest}, which one of its images names`);
  }

  async #addReferrers(repository: RepositoryName, subject: Digest): Promise<void> {
    for (let after: string | undefined = ""; after !== undefined;) {
      const query: Parameters<typeof listReferrers>[1] = { repository, subject, after, limit: 100 };
      const { descriptors, hasMore } = await listReferrers(this.#registry, query);
      for (const { digest } of descriptors) await this.addRoot({ repository, digest });
      after = hasMore ? descriptors.at(-1)?.digest : undefined;
    }
    for (const ending of ATTACHED) {
      const tag = `${referrersTagOf(subject)}${ending}`;
      const found = isTag(tag) && (await this.#registry.metadata.hot.findManifestHeadByTag(repository, tag));
      if (found) await this.addRoot({ repository, digest: found.digest, tag });
    }
  }
}
