import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { Image } from "../../support/image.ts";
import type { RegistryClient } from "../../support/registry-client.ts";

/** Expects that a repository gives back every byte of an image: each manifest, each configuration, each layer. */
export async function expectServed(
  client: RegistryClient,
  repository: string,
  reference: string,
  image: Image,
): Promise<void> {
  expect(await client.getManifest(repository, reference)).toEqual(image.top);
  for (const manifest of image.manifests) {
    expect(await client.getManifest(repository, manifest.digest)).toEqual(manifest);
  }
  for (const { digest, sizeBytes } of image.blobs) {
    expect(await client.measureBlob(repository, digest)).toEqual({ digest, sizeBytes });
  }
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Expects that what a client built itself came over whole: every descriptor has its bytes, and every layer unpacks to what
 * the configuration promises.
 *
 * @returns the digest of the configuration of each image, in the order of the index.
 */
export async function expectConsistent(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<readonly string[]> {
  const { bytes, mediaType } = await client.getManifest(repository, reference);
  const manifest = JSON.parse(new TextDecoder().decode(bytes)) as {
    mediaType?: string;
    manifests?: Descriptor[];
    config?: Descriptor;
    layers?: Descriptor[];
  };
  expect(manifest.mediaType ?? mediaType).toBe(mediaType);
  if (manifest.manifests !== undefined) {
    const children = manifest.manifests.map(({ digest }) => expectConsistent(client, repository, digest));
    return (await Promise.all(children)).flat();
  }
  const { config, layers = [] } = manifest;
  if (config === undefined) throw new Error(`${repository} ${reference} has no configuration: ${String(bytes)}`);
  for (const { digest, size } of [config, ...layers]) {
    expect(await client.measureBlob(repository, digest)).toEqual({ digest, sizeBytes: size });
  }
  await expectLayersUnpack(client, repository, config, layers);
  return [config.digest];
}

async function expectLayersUnpack(
  client: RegistryClient,
  repository: string,
  config: Descriptor,
  layers: readonly Descriptor[],
): Promise<void> {
  const answer = await client.mustRequest("GET", `/v2/${repository}/blobs/${config.digest}`);
  const { rootfs } = (await answer.json()) as { rootfs: { diff_ids: string[] } };
  const unpacked: string[] = [];
  for (const { digest, mediaType } of layers) {
    const compression = mediaType.endsWith("gzip") ? "gzip" : undefined;
    unpacked.push((await client.measureBlob(repository, digest, compression)).digest);
  }
  expect(unpacked).toEqual(rootfs.diff_ids);
}

/** Expects that a folder of skopeo's `dir:` form holds every byte of an image. */
export async function expectPulled(folder: string, image: Image): Promise<void> {
  expect(new Uint8Array(await Bun.file(join(folder, "manifest.json")).arrayBuffer())).toEqual(image.top.bytes);
  for (const { digest, bytes } of image.manifests.slice(0, -1)) {
    const child = Bun.file(join(folder, `${digest.slice("sha256:".length)}.manifest.json`));
    expect(new Uint8Array(await child.arrayBuffer())).toEqual(bytes);
  }
  const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(files.sort()).toEqual([...new Set(image.blobs.map(({ digest }) => digest.slice("sha256:".length)))].sort());
  for (const name of files) expect(await digestOfFile(join(folder, name))).toBe(`sha256:${name}`);
}

async function digestOfFile(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

/** Expects that neither the tag nor the manifest that it named is served any more. */
export async function expectGone(
  client: RegistryClient,
  repository: string,
  tag: string,
  digest: string,
): Promise<void> {
  for (const reference of [tag, digest]) {
    const response = await client.request("GET", `/v2/${repository}/manifests/${reference}`);
    expect(response.status).toBe(404);
    const { errors } = (await response.json()) as { errors: { code: string }[] };
    expect(errors[0]?.code).toBe("MANIFEST_UNKNOWN");
  }
  expect(await client.listTags(repository)).not.toContain(tag);
}
