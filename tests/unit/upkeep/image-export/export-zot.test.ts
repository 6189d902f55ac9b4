import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listRepositories } from "../../../../src/metadata/index.ts";
import { type Digest, OCI_IMAGE_MANIFEST, parseReference, type RepositoryName } from "../../../../src/oci/index.ts";
import { blobKeyOf, getManifest, listReferrers, listTags } from "../../../../src/registry/index.ts";
import { exportZot, importZot } from "../../../../src/upkeep/transfers.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { descriptorOf } from "../../../support/oci-content.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { app, pushImage, pushIndex } from "../gc/collected-registry.ts";

const nested = "team/app/nested" as RepositoryName;
const { signal } = new AbortController();

let memory: MemoryRegistry;
let folder: string;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  folder = join(makeTemporaryFolder("zot"), "out");
});
afterEach(() => memory.close());

const run = (...repositories: readonly string[]) =>
  exportZot({ registry: memory.registry, repositories, folder, signal });

interface Layout {
  readonly manifests: readonly { readonly digest: Digest; readonly annotations?: Record<string, string> }[];
}

const layoutOf = async (repository: string) =>
  (await Bun.file(join(folder, repository, "index.json")).json()) as Layout;

/** A tagged index, what signs its first image, an image without a tag, and a repository below. */
async function fillRegistry() {
  const { registry } = memory;
  const child = await pushImage(registry, "child");
  const index = await pushIndex(registry, [child], "1.0");
  const subject = descriptorOf(child, OCI_IMAGE_MANIFEST);
  const signature = await pushImage(registry, "signature", { more: { subject } });
  const untagged = await pushImage(registry, "untagged");
  const image = await pushImage(registry, "nested", { reference: "latest", repository: nested });
  return { child, index, signature, untagged, image };
}

test("what goes out comes into an empty registry as it was: tags, manifests without one, and referrers", async () => {
  const { child, index, signature, untagged, image } = await fillRegistry();
  expect(await run("team/**")).toMatchObject({ repositories: 2, tags: 2, manifests: 5, keptBytes: 0, leftOut: [] });
  const other = await openMemoryRegistry();
  const { registry } = other;
  expect(await importZot({ registry, folder, by: nobody, signal })).toMatchObject({ repositories: 2, leftOut: [] });
  expect(await listRepositories(registry.metadata.reads, { after: "", limit: 9 })).toEqual([app, nested]);
  expect(await listTags(registry, app, { after: "", limit: 9 })).toMatchObject({ names: ["1.0"] });
  expect(await getManifest(registry, app, parseReference("1.0"))).toMatchObject({ digest: index.digest });
  expect(await getManifest(registry, nested, parseReference("latest"))).toMatchObject({ digest: image.digest });
  for (const { digest } of [child, untagged])
    expect(await getManifest(registry, app, parseReference(digest))).toMatchObject({ digest });
  const page = { repository: app, subject: child.digest, after: "", limit: 9 };
  expect((await listReferrers(registry, page)).descriptors).toMatchObject([{ digest: signature.digest }]);
  await other.close();
});

test("index.json names every manifest as zot does: by its tag alone, or by nothing", async () => {
  const { child, index, signature, untagged } = await fillRegistry();
  await run("team/app");
  const { manifests } = await layoutOf("team/app");
  expect(manifests[0]).toMatchObject({
    digest: index.digest,
    annotations: { "org.opencontainers.image.ref.name": "1.0" },
  });
  expect(manifests.map(({ annotations = {} }) => Object.keys(annotations).length)).toEqual([1, 0, 0, 0]);
  expect(manifests.map(({ digest }) => digest).slice(1)).toEqual(
    [child, signature, untagged].map(({ digest }) => digest).sort(),
  );
  expect(existsSync(join(folder, nested))).toBe(false);
});

test("another run writes only what is not there, or wrong", async () => {
  const { image } = await fillRegistry();
  const { totalBytes } = await run("team/**");
  const blob = join(folder, nested, "blobs/sha256", image.layer.digest.slice("sha256:".length));
  writeFileSync(blob, "layer of NESTED");
  const { keptBytes } = await run("team/**");
  expect(keptBytes).toBe(totalBytes - image.layer.bytes.byteLength);
  expect(await Bun.file(blob).text()).toBe("layer of nested");
});

test("a repository with which something is wrong is left out, and stops none of the others", async () => {
  const { child } = await fillRegistry();
  await memory.registry.storage.write(blobKeyOf(child.layer.digest), new TextEncoder().encode("layer of CHILD"));
  const summary = await run("team/**");
  expect(summary).toMatchObject({ repositories: 1, tags: 1, leftOut: [{ repository: app }] });
  expect(summary.leftOut[0]?.fault).toContain(child.layer.digest);
  expect(existsSync(join(folder, app, "index.json"))).toBe(false);
});

test.each(["team/app/blobs", "team/index.json/app", "oci-layout"])("zot has no place for %s", async (name) => {
  await pushImage(memory.registry, "image", { reference: "1.0", repository: name as RepositoryName });
  const { leftOut } = await run("**");
  expect(leftOut[0]?.fault).toStartWith("zot has files of its own that are called ");
});

test.each(["none", "none/*"])("%s is told not to be there", async (name) => {
  await fillRegistry();
  expect(await failureOf(run("team/app", name))).toBe(`there is no repository ${name}`);
  expect(existsSync(folder)).toBe(false);
});
