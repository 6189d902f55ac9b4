import { findRepositoryId, isManifestLost, listTaggedManifests, type TaggedManifest } from "../../metadata/index.ts";
import {
  type Digest,
  parseDigest,
  parseRepositoryName,
  parseTag,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../../oci/index.ts";
import { getManifestHead, type Registry } from "../../registry/index.ts";
import { inPages } from "../in-pages.ts";
import { matchRepositories } from "../select-repositories.ts";

/** A manifest that goes out under a name of its own. */
export interface ChosenImage {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly tag?: Tag | undefined;
}

/**
 * Finds what somebody means: `team/app:1.0`, `team/app@sha256:…`, `team/app` for all its tags, and patterns of repositories: `team/*`
 * for those in a folder, `team/**` for those below it as well.
 * @throws RegistryError `name-unknown`, `manifest-unknown`, `unavailable`, or that it cannot be read
 */
export async function selectImages(registry: Registry, references: readonly string[]): Promise<readonly ChosenImage[]> {
  const chosen = new Map<string, ChosenImage>();
  for (const text of references) {
    for (const image of await select(registry, text)) {
      chosen.set(`${image.repository}:${image.tag ?? image.digest}`, image);
    }
  }
  return [...chosen.values()];
}

async function select(registry: Registry, text: string): Promise<readonly ChosenImage[]> {
  if (text.includes("*")) return selectMatching(registry, text);
  const [, name = "", tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/.exec(text) ?? [];
  const repository = parseRepositoryName(name);
  if (tag === undefined && digest === undefined) return selectTags(registry, repository);
  const parsedTag = tag === undefined ? undefined : parseTag(tag);
  const head = await getManifestHead(
    registry,
    repository,
    digest === undefined && parsedTag !== undefined
      ? { kind: "tag", tag: parsedTag }
      : { kind: "digest", digest: parseDigest(digest ?? "") },
  );
  return [{ repository, digest: head.digest, tag: parsedTag }];
}

async function selectMatching(registry: Registry, pattern: string): Promise<readonly ChosenImage[]> {
  const names = await matchRepositories(registry.metadata.reads, pattern);
  const chosen: ChosenImage[] = [];
  for (const name of names) chosen.push(...(await selectTags(registry, name)));
  if (chosen.length === 0) throw new RegistryError("name-unknown", `no image of a repository that matches ${pattern}`);
  return chosen;
}

async function selectTags({ metadata }: Registry, repository: RepositoryName): Promise<readonly ChosenImage[]> {
  const { reads } = metadata;
  const id = await findRepositoryId(reads, repository);
  if (id === undefined) throw new RegistryError("name-unknown", `there is no repository ${repository}`);
  const nameOf = ({ tag }: TaggedManifest) => tag;
  const chosen: ChosenImage[] = [];
  for await (const tagged of inPages(500, nameOf, (page) => listTaggedManifests(reads, id, page))) {
    const { tag, digest } = tagged;
    if (isManifestLost(tagged))
      throw new RegistryError("unavailable", `the bytes of ${repository}:${tag} are damaged: push it again`);
    chosen.push({ repository, digest, tag });
  }
  return chosen;
}
