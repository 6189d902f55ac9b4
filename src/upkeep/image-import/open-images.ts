import type { FileSource } from "../archive/file-source.ts";
import { openSource } from "../archive/open-source.ts";
import type { ImageArchive } from "./image-archive.ts";
import { type BundleReading, readBundle } from "./read-bundle.ts";
import { readDockerArchive } from "./read-docker-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

/** An OCI image layout · what `docker save` writes · what `berth export bundle` writes. */
export type ImageForm = "oci" | "docker-archive" | "bundle";

const READERS: Readonly<Record<ImageForm, (source: FileSource, reading: BundleReading) => Promise<ImageArchive>>> = {
  oci: readOciLayout,
  "docker-archive": readDockerArchive,
  bundle: readBundle,
};

export interface OpeningOptions extends Partial<BundleReading> {
  /** Gives a folder for a compressed archive. */
  readonly scratchFolder: () => Promise<string>;
}

/**
 * Opens a folder or an archive of images. Of all but a bundle only what it says of itself is read.
 * @throws ArchiveError
 */
export async function openImages(
  form: ImageForm,
  path: string,
  { scratchFolder, trustedKeys = [], ...reading }: OpeningOptions,
): Promise<ImageArchive> {
  return READERS[form](await openSource(path, scratchFolder), { ...reading, trustedKeys });
}
