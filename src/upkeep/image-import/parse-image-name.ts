import {
  isRepositoryName,
  isTag,
  parseRepositoryName,
  parseTag,
  type RepositoryName,
  shorten,
} from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import type { ImageName } from "./image-archive.ts";

const DEFAULT_TAG = parseTag("latest");

/**
 * What an archive calls an image: `1.0`, `team/app:1.0`, `registry.example.com:5000/team/app:1.0`. The name of a registry is
 * left out, as is what Docker adds to a name without one: `docker.io/library/app` is `app`.
 * @throws ArchiveError
 */
export function parseImageName(text: string): ImageName {
  if (isTag(text)) return { tag: text };
  const named = text.replace(/@.*$/, "");
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const repository = withoutHost(hasTag ? named.slice(0, colon) : named);
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (!isRepositoryName(repository) || (tag !== undefined && !isTag(tag)))
    throw new ArchiveError(`${JSON.stringify(shorten(text))} is no name of an image`);
  if (tag !== undefined) return { repository, tag };
  // By its digest alone it has no tag.
  return named === text ? { repository, tag: DEFAULT_TAG } : { repository };
}

/**
 * Where somebody wants images to go: a repository, perhaps with a tag.
 * @throws RegistryError `name-invalid`, `tag-invalid`
 */
export function parseImageTarget(text: string): ImageName & { readonly repository: RepositoryName } {
  const colon = text.indexOf(":");
  if (colon < 0) return { repository: parseRepositoryName(text) };
  return { repository: parseRepositoryName(text.slice(0, colon)), tag: parseTag(text.slice(colon + 1)) };
}

function withoutHost(name: string): string {
  const slash = name.indexOf("/");
  const host = name.slice(0, Math.max(0, slash));
  if (!/[.:]/.test(host) && host !== "localhost") return name;
  const rest = name.slice(slash + 1);
  return host === "docker.io" ? rest.replace(/^library\//, "") : rest;
}
