import { join } from "node:path";
import { findRepositoryId, listRepositoryManifests, type RepositoryManifest } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { Registry } from "../../registry/index.ts";
import { StorageError } from "../../storage/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { createFolder } from "../archive/folder-sink.ts";
import { inPages } from "../in-pages.ts";
import { selectRepositories } from "../select-repositories.ts";
import { collectContent, type ExportRoot } from "./collect-content.ts";
import { layoutIndex, type LayoutTask, LayoutWriter } from "./layout-writer.ts";
import { type ChosenImage, selectImages } from "./select-images.ts";

export interface ZotExport extends Pick<LayoutTask, "registry" | "signal" | "onProgress"> {
  /** Names of repositories, and patterns of them. */
  readonly repositories: readonly string[];
  /** What will be zot's `storage.rootDirectory`. */
  readonly folder: string;
  /** Hears of each repository when it is done, or left out. */
  readonly report?: ((repository: ZotExported) => void) | undefined;
}

export interface ZotExported {
  readonly repository: RepositoryName;
  /** 1 for the first. */
  readonly position: number;
  readonly total: number;
  readonly tags: number;
  readonly manifests: number;
  /** Why it was left out, if it was. */
  readonly fault?: string | undefined;
}

export interface ZotExportSummary {
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
  /** Each counted for each repository. */
  readonly blobs: number;
  /** Of manifests and blobs. */
  readonly totalBytes: number;
  /** Of what was there already, and right. */
  readonly keptBytes: number;
  readonly leftOut: readonly { readonly repository: RepositoryName; readonly fault: string }[];
}

/**
 * Writes repositories as a zot keeps them: each an OCI image layout in the folder of its name, with all manifests, tagged or not. One
 * with which something is wrong is left out, and stops none of the others.
 * @throws RegistryError `name-unknown`, or that a name cannot be read; StorageError, MetadataError
 */
export async function exportZot(task: ZotExport): Promise<ZotExportSummary> {
  const names = await selectRepositories(task.registry.metadata.reads, task.repositories);
  const leftOut: { repository: RepositoryName; fault: string }[] = [];
  const sum = { repositories: 0, tags: 0, manifests: 0, blobs: 0, totalBytes: 0, keptBytes: 0 };
  for (const [index, repository] of names.entries()) {
    const outcome = await orFault(() => exportRepository(task, repository));
    const fault = typeof outcome === "string" ? outcome : undefined;
    if (fault !== undefined) leftOut.push({ repository, fault });
    const { tags, manifests } = typeof outcome === "string" ? NOTHING : outcome;
    if (typeof outcome !== "string") add(sum, outcome);
    task.report?.({ repository, position: index + 1, total: names.length, tags, manifests, fault });
  }
  return { ...sum, leftOut };
}

/** What zot calls its own files in the folder of a repository: no repository can be there. */
const FILES_OF_ZOT: ReadonlySet<string> = new Set(["blobs", "index.json", "oci-layout"]);

type Exported = Omit<ZotExportSummary, "repositories" | "leftOut">;

async function exportRepository(task: ZotExport, repository: RepositoryName): Promise<Exported> {
  const taken = repository.split("/").find((part) => FILES_OF_ZOT.has(part));
  if (taken !== undefined) throw new ArchiveError(`zot has files of its own that are called ${taken}`);
  const images = await listImages(task.registry, repository);
  const content = await collectContent(task.registry, { images, platforms: [], referrers: false });
  if (content.roots.length === 0) throw new ArchiveError("there is nothing in it");
  const index = layoutIndex(content.roots.map(describeRoot));
  const sink = await createFolder(join(task.folder, repository));
  const written = new LayoutWriter({ ...task, form: "oci" }, sink, content);
  await written.writeContent();
  await written.writeIndex(index);
  const { manifests, blobs, roots } = content;
  const { totalBytes, keptBytes } = written;
  const tags = roots.filter(({ tag }) => tag !== undefined).length;
  return { tags, manifests: manifests.size, blobs: blobs.size, totalBytes, keptBytes };
}

/** All tags, and all manifests: zot finds none that `index.json` does not name, be it the child of an index or a referrer. */
async function listImages(registry: Registry, repository: RepositoryName): Promise<readonly ChosenImage[]> {
  const { reads } = registry.metadata;
  const tagged = await selectImages(registry, [repository]);
  const id = await findRepositoryId(reads, repository);
  if (id === undefined) return [];
  const digestOfRow = ({ digest }: RepositoryManifest) => digest;
  const images = [...tagged];
  // Each may have 4 MiB.
  for await (const { digest } of inPages(16, digestOfRow, (page) => listRepositoryManifests(reads, id, page)))
    images.push({ repository, digest });
  return images;
}

/** As zot writes it: nothing but the tag. */
function describeRoot({ mediaType, digest, sizeBytes: size, tag }: ExportRoot): object {
  const annotations = tag === undefined ? undefined : { "org.opencontainers.image.ref.name": tag };
  return { mediaType, digest, size, annotations };
}

/** @returns what is wrong with the repository, as a text */
async function orFault<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    const isDamage = error instanceof StorageError && error.reason === "corrupt";
    if (isDamage || error instanceof ArchiveError || error instanceof RegistryError) return error.message;
    throw error;
  }
}

const NOTHING = { tags: 0, manifests: 0 };

function add(sum: Record<"repositories" | keyof Exported, number>, exported: Exported): void {
  sum.repositories++;
  for (const name of ["tags", "manifests", "blobs", "totalBytes", "keptBytes"] as const) sum[name] += exported[name];
}
