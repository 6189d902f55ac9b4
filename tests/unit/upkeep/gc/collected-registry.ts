import {
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  type Digest,
  parseReference,
  type RepositoryName,
} from "../../../../src/oci/index.ts";
import { blobKeyOf, deleteManifest, putManifest, putWholeBlob, type Registry } from "../../../../src/registry/index.ts";
import { collectGarbage, type GarbageCollection, type GarbageTally } from "../../../../src/upkeep/index.ts";
import { type Content, contentOf, imageIndex, imageManifest } from "../../../support/oci-content.ts";
import { nobody } from "../../../support/nobody.ts";
import { streamOf } from "../../../support/stream-of.ts";

export const app = "team/app" as RepositoryName;

/** A run of the whole, as if all that is a candidate had waited long enough. */
export function collect(registry: Registry, options: Partial<GarbageCollection> = {}): Promise<GarbageTally> {
  return collectGarbage({
    registry,
    run: "run-1",
    windowMs: 0,
    settleMs: 0,
    restFactor: 0,
    untagged: "keep",
    signal: new AbortController().signal,
    ...options,
  });
}

export async function pushBlob(registry: Registry, text: string, repository = app): Promise<Content> {
  const content = contentOf(text);
  await putWholeBlob(registry, { repository, digest: content.digest, body: streamOf([content.bytes]) });
  return content;
}

export async function pushManifest(
  registry: Registry,
  manifest: Content,
  { reference, repository = app, contentType = OCI_IMAGE_MANIFEST }: ManifestOptions = {},
): Promise<Content> {
  const { bytes: body, digest } = manifest;
  await putManifest(registry, {
    repository,
    reference: parseReference(reference ?? digest),
    tags: [],
    contentType,
    body,
    by: nobody,
  });
  return manifest;
}

interface ManifestOptions {
  readonly reference?: string;
  readonly repository?: RepositoryName;
  readonly contentType?: string;
}

/** An image of a config and one layer that are its own. */
export async function pushImage(
  registry: Registry,
  name: string,
  { more = {}, ...options }: ManifestOptions & { readonly more?: object } = {},
): Promise<Content & { readonly config: Content; readonly layer: Content }> {
  const config = await pushBlob(registry, `{"name":"${name}"}`, options.repository);
  const layer = await pushBlob(registry, `layer of ${name}`, options.repository);
  const manifest = await pushManifest(registry, imageManifest({ config, layers: [layer], more }), options);
  return { ...manifest, config, layer };
}

export function pushIndex(registry: Registry, children: readonly Content[], reference?: string): Promise<Content> {
  return pushManifest(registry, imageIndex(children), {
    contentType: OCI_IMAGE_INDEX,
    ...(reference !== undefined && { reference }),
  });
}

export function remove(registry: Registry, reference: string, repository = app): Promise<void> {
  return deleteManifest(registry, { repository, reference: parseReference(reference), by: nobody });
}

export async function hasBytes({ storage }: Registry, digest: Digest): Promise<boolean> {
  return (await storage.stat(blobKeyOf(digest))) !== undefined;
}
