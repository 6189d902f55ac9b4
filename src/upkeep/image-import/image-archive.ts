import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";

/** Images to bring in: what they are called, and their content by its digest. */
export interface ImageArchive {
  readonly roots: readonly RootImage[];
  /** Whether all content was verified when the archive was opened. */
  readonly isVerified?: boolean;
  /** The name of the key whose signature of all of it was found to be good, if that was asked for. */
  readonly signedBy?: string | undefined;
  /** Content as it lies there: not verified; `undefined` if it is not there. */
  open(digest: Digest): Promise<Blob | undefined>;
}

/** A manifest that an archive offers by itself. */
export interface RootImage extends ImageName {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** What an archive calls an image; it may leave out both. */
export interface ImageName {
  readonly repository?: RepositoryName | undefined;
  readonly tag?: Tag | undefined;
}
