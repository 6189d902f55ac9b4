import type { FileSource } from "../archive/file-source.ts";
import { openSource } from "../archive/open-source.ts";
import type { TrustedKey } from "../archive/signature.ts";
import type { ImageArchive } from "./image-archive.ts";
import { readBundle } from "./read-bundle.ts";
import { readDockerArchive } from "./read-docker-archive.ts";
import { readOciLayout } from "./read-oci-layout.ts";

/** An OCI image layout · what `docker save` writes · what `berth export bundle` writes. */
export type ImageForm = "oci" | "docker-archive" | "bundle";

const READERS: Readonly<
  Record<ImageForm, (source: FileSource, trusted: readonly TrustedKey[]) => Promise<ImageArchive>>
> = {
  oci: readOciLayout,
  "docker-archive": readDockerArchive,
  bundle: readBundle,
};

export interface OpeningOptions {
  /** Gives a folder for a compressed archive. */
  readonly scratchFolder: () => Promise<string>;
  /** One of these has to have signed a bundle; absent: nobody has to. */
  readonly trustedKeys?: readonly TrustedKey[] | undefined;
}

/**
 * Opens a folder or an archive of images. Of all but a bundle only what it says of itself is read.
 * @throws ArchiveError
 */
export async function openImages(
  form: ImageForm,
  path: string,
  { scratchFolder, trustedKeys = [] }: OpeningOptions,
): Promise<ImageArchive> {
  return READERS[form](await openSource(path, scratchFolder), trustedKeys);
}
