import { openSource } from "../archive/open-source.ts";
import type { ImageArchive } from "./image-archive.ts";
import { readDockerArchive } from "./read-docker-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

/** An OCI image layout, or what `docker save` writes. */
export type ImageForm = "oci" | "docker-archive";

/**
 * Opens a folder or an archive of images; only what it says of itself is read.
 * @param scratchFolder gives a folder for a compressed archive
 * @throws ArchiveError
 */
export async function openImages(
  form: ImageForm,
  path: string,
  scratchFolder: () => Promise<string>,
): Promise<ImageArchive> {
  const source = await openSource(path, scratchFolder);
  return form === "oci" ? readOciLayout(source) : readDockerArchive(source);
}
