import { ArchiveError } from "../archive/archive-error.ts";
import { createFolder } from "../archive/folder-sink.ts";
import { createTar } from "../archive/tar-sink.ts";
import { collectContent, type ContentWish, type ExportContent, type ExportRoot } from "./collect-content.ts";
import { describeForDocker } from "./describe-for-docker.ts";
import { layoutIndex, type LayoutTask, LayoutWriter } from "./layout-writer.ts";
import { nameRoots } from "./name-roots.ts";
import { selectImages } from "./select-images.ts";

export interface ImageExport extends LayoutTask, Omit<ContentWish, "images"> {
  readonly references: readonly string[];
  /** What ends with `.tar` is an archive, anything else a folder. */
  readonly out: string;
}

export interface ImageExportSummary {
  readonly images: readonly ExportRoot[];
  readonly manifests: number;
  readonly blobs: number;
  /** Of manifests and blobs. */
  readonly totalBytes: number;
  /** Of what was there already, and right. */
  readonly keptBytes: number;
}

/**
 * Writes images with all that belongs to them into a folder or an archive, each byte verified on the way. What names content is
 * written behind it, and what is there already and right is not written again.
 * @throws RegistryError, StorageError, MetadataError, ArchiveError
 */
export async function exportImages(task: ImageExport): Promise<ImageExportSummary> {
  const { registry, references, form, out } = task;
  const content = await collectContent(registry, { ...task, images: await selectImages(registry, references) });
  if (content.roots.length === 0) throw new ArchiveError("there is nothing to write");
  const index = indexOf(task, content);
  const forDocker = form === "docker-archive" ? await describeForDocker(registry, content) : undefined;
  const sink = await (out.endsWith(".tar") ? createTar(out) : createFolder(out));
  try {
    const written = new LayoutWriter(task, sink, content);
    await written.writeContent();
    if (forDocker) await written.writeText("manifest.json", JSON.stringify(forDocker));
    await written.writeIndex(index);
    if (form === "bundle") await written.writeSums();
    await sink.finish();
    const { manifests, blobs } = content;
    const { totalBytes, keptBytes } = written;
    return { images: content.roots, manifests: manifests.size, blobs: blobs.size, totalBytes, keptBytes };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

function indexOf({ form }: ImageExport, { roots }: ExportContent): string {
  const repositories = new Set(roots.map(({ repository }) => repository));
  const naming = form === "bundle" || repositories.size > 1 ? "full-names" : "tags";
  return layoutIndex(nameRoots(roots, naming));
}
