import { algorithmOf, type Digest, hexOf, type RepositoryName, type Tag } from "../../oci/index.ts";
import { parseStorageKey, type StorageKey } from "../../storage/index.ts";

/**
 * Where registry:2 and registry:3 say what there is. The content itself lies beside it, where Berth keeps it too.
 *
 *     docker/registry/v2/
 *       blobs/<algorithm>/<first two hex digits>/<hex>/data     layers, configs and manifests
 *       repositories/<name>/
 *         _layers/<algorithm>/<hex>/link                        the repository has this blob
 *         _manifests/revisions/<algorithm>/<hex>/link           the repository has this manifest
 *         _manifests/tags/<tag>/current/link                    where the tag points
 *         _manifests/tags/<tag>/index/<algorithm>/<hex>/link    where it ever pointed; written, not read
 *         _uploads/<id>/…                                       unfinished; not read
 *
 * A link holds a digest and no newline. It is the digest of its path, except where a blob was pushed under another
 * algorithm than sha256: that link names the sha256 digest under which the bytes lie.
 */
export const repositoriesPrefix = "docker/registry/v2/repositories/";

export type LinkFolder = "_layers" | "_manifests/revisions" | "_manifests/tags";

/** The repository that a link belongs to, right or wrong as a name; `undefined` if the file is no link of a repository. */
export function repositoryOfLink(key: string): string | undefined {
  return /^(.+?)\/_(?:layers|manifests)\/.+\/link$/.exec(key.slice(repositoriesPrefix.length))?.[1];
}

export function prefixOfLinks(repository: string, folder: LinkFolder): string {
  return `${repositoriesPrefix}${repository}/${folder}/`;
}

/** What `<algorithm>/<hex>/link` is the link of; `undefined` for another file, text that is no digest if it is damaged. */
export function digestOfLink(key: string, prefix: string): string | undefined {
  const found = /^([^/]+)\/([^/]+)\/link$/.exec(key.slice(prefix.length));
  return found ? `${found[1]}:${found[2]}` : undefined;
}

/** What `<tag>/current/link` is the link of; `undefined` for another file. */
export function tagOfLink(key: string, prefix: string): string | undefined {
  return /^([^/]+)\/current\/link$/.exec(key.slice(prefix.length))?.[1];
}

/** What `<tag>/index/<algorithm>/<hex>/link` is the link of; `undefined` for another file. */
export function pastDigestOfLink(key: string, prefix: string): string | undefined {
  const found = /^[^/]+\/index\/([^/]+)\/([^/]+)\/link$/.exec(key.slice(prefix.length));
  return found ? `${found[1]}:${found[2]}` : undefined;
}

/** The tag of any link below `<tag>/`; `undefined` for another file. */
export function tagBehind(key: string, prefix: string): string | undefined {
  return /^([^/]+)\/.+\/link$/.exec(key.slice(prefix.length))?.[1];
}

/** The link that says that a repository has a blob, or a manifest. */
export function linkOf(
  repository: RepositoryName,
  folder: "_layers" | "_manifests/revisions",
  digest: Digest,
): StorageKey {
  return parseStorageKey(`${prefixOfLinks(repository, folder)}${digestPath(digest)}/link`);
}

/** The link that says where a tag points. */
export function currentLinkOf(repository: RepositoryName, tag: Tag): StorageKey {
  return parseStorageKey(`${prefixOfLinks(repository, "_manifests/tags")}${tag}/current/link`);
}

/** The link that says that a tag points at a manifest, or did. */
export function pastLinkOf(repository: RepositoryName, tag: Tag, digest: Digest): StorageKey {
  return parseStorageKey(`${prefixOfLinks(repository, "_manifests/tags")}${tag}/index/${digestPath(digest)}/link`);
}

function digestPath(digest: Digest): string {
  return `${algorithmOf(digest)}/${hexOf(digest)}`;
}
