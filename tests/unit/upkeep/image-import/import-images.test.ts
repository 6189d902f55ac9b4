import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listRepositories, listTags } from "../../../../src/metadata/index.ts";
import {
  type Digest,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseReference,
  parseRepositoryName,
} from "../../../../src/oci/index.ts";
import { getBlob, getManifest, listReferrers, readBlob } from "../../../../src/registry/index.ts";
import { ArchiveError } from "../../../../src/upkeep/index.ts";
import { importImages, openImages, parseImageTarget } from "../../../../src/upkeep/transfers.ts";
import { LayoutFiles } from "../../../support/layout-files.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../../../support/oci-content.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

const app = parseRepositoryName("team/app");

let memory: MemoryRegistry;
let layout: LayoutFiles;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  layout = new LayoutFiles();
});
afterEach(() => memory.close());

interface Options {
  readonly to?: string;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

async function run({ to = "team/app", path = layout.root, signal = new AbortController().signal }: Options = {}) {
  const archive = await openImages("oci", path, {
    scratchFolder: () => Promise.resolve(makeTemporaryFolder("scratch")),
  });
  const target = to === "" ? undefined : parseImageTarget(to);
  return importImages({ registry: memory.registry, archive, to: target, by: nobody, signal });
}

const failureOf = (options?: Options) =>
  run(options).then(
    () => "it was imported",
    (error: unknown) => {
      if (!(error instanceof ArchiveError)) throw error;
      return error.message;
    },
  );

const tags = (repository = app) => listTags(memory.registry.metadata.reads, repository, { after: "", limit: 99 });
const repositories = () => listRepositories(memory.registry.metadata.reads, { after: "", limit: 99 });
const bodyOf = async (reference: string, repository = app) =>
  new Uint8Array((await getManifest(memory.registry, repository, parseReference(reference))).body);
const bytesOf = async ({ digest }: Content, repository = app) => {
  const bytes = await readBlob(memory.registry, await getBlob(memory.registry, repository, digest));
  return new Uint8Array(bytes instanceof Blob ? await bytes.arrayBuffer() : bytes);
};

describe("an OCI layout", () => {
  test("comes in byte for byte, under its tags, and a second time nothing is stored", async () => {
    const { manifest, config, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    layout.addRoot(manifest, "latest");
    const summary = await run();
    const stored = config.bytes.byteLength + layer.bytes.byteLength;
    const images = [{ repository: app, digest: manifest.digest, tags: ["1.0", "latest"] }];
    expect<object>(summary).toEqual({ images, manifests: 1, newBlobs: 2, newBytes: stored });
    expect(await bodyOf("1.0")).toEqual(manifest.bytes);
    expect(await bytesOf(layer)).toEqual(layer.bytes);
    expect<readonly string[]>(await tags()).toEqual(["1.0", "latest"]);
    expect(await run()).toMatchObject({ newBlobs: 0, newBytes: 0, images: [{ digest: manifest.digest }] });
  });

  test("comes in with nested indexes, each behind what it names", async () => {
    const children = [layout.addImage("amd64").manifest, layout.addImage("arm64").manifest];
    const inner = layout.addBlob(imageIndex(children));
    const manifests = [descriptorOf(inner, OCI_IMAGE_INDEX)];
    const outer = layout.addBlob(
      contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests })),
    );
    layout.addRoot(outer, "1.0", OCI_IMAGE_INDEX);
    expect(await run()).toMatchObject({ manifests: 4, newBlobs: 4, images: [{ digest: outer.digest }] });
    for (const { digest, bytes } of [outer, inner, ...children]) expect(await bodyOf(digest)).toEqual(bytes);
  });

  test("comes in with what refers to its images", async () => {
    const { manifest } = layout.addImage("one");
    const subject = descriptorOf(manifest, OCI_IMAGE_MANIFEST);
    const signature = layout.addImage("signature", { subject, artifactType: "application/vnd.example" });
    layout.addRoot(manifest, "1.0");
    layout.addRoot(signature.manifest);
    await run();
    const query = { repository: app, subject: manifest.digest, after: "", limit: 9 };
    const { descriptors } = await listReferrers(memory.registry, query);
    expect(descriptors.map(({ digest }) => digest)).toEqual([signature.manifest.digest]);
  });

  test("comes in with content under sha512", async () => {
    const bytes = new TextEncoder().encode("sha512");
    const digest = `sha512:${new Bun.CryptoHasher("sha512").update(bytes).digest("hex")}` as Digest;
    const layer = layout.addBlob({ bytes, digest });
    const manifest = layout.addBlob(imageManifest({ config: layout.addBlob(contentOf("{}")), layers: [layer] }));
    layout.addRoot(manifest, "1.0");
    await run();
    expect(await bytesOf(layer)).toEqual(bytes);
  });

  test.each([
    ["docker.io/library/app:1.0", "app", "1.0"],
    ["registry.example.com:5000/team/app:1.0", "team/app", "1.0"],
    ["localhost/app:1.0", "app", "1.0"],
    ["team/app", "team/app", "latest"],
  ])("called %s goes to %s as %s", async (name, repository, tag) => {
    layout.addRoot(layout.addImage("one").manifest, name);
    expect<object>((await run({ to: "" })).images[0] ?? {}).toMatchObject({ repository, tags: [tag] });
  });

  test("goes elsewhere, under another tag, where it is told to", async () => {
    const { manifest } = layout.addImage("one");
    layout.addRoot(manifest, "docker.io/library/app:1.0");
    await run({ to: "other/name:2.0" });
    expect(await bodyOf("2.0", parseRepositoryName("other/name"))).toEqual(manifest.bytes);
    expect<readonly string[]>(await repositories()).toEqual(["other/name"]);
  });

  test("takes blobs from the registry that it does not have itself", async () => {
    const { manifest, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    await run();
    rmSync(join(layout.root, layout.pathOf(layer)));
    await run({ to: "team/other" });
    expect(await bytesOf(layer, parseRepositoryName("team/other"))).toEqual(layer.bytes);
  });
});

describe("refused, with nothing to be seen of it, is a layout", () => {
  afterEach(async () => expect(await repositories()).toEqual([]));

  test("that is none", async () => {
    rmSync(join(layout.root, "oci-layout"));
    expect(await failureOf()).toBe("it is no OCI layout: it has no file oci-layout");
  });

  test.each(["", "[]", "{", `{"imageLayoutVersion":"2.0.0"}`])("of another version: %p", async (text) => {
    layout.write("oci-layout", text);
    expect(await failureOf()).toBe("oci-layout does not say version 1.0.0");
  });

  test.each(["", "null", "{}", `{"schemaVersion":2,"manifests":[{"digest":"../../etc/passwd"}]}`])(
    "whose index.json is %p",
    async (text) => {
      layout.write("index.json", text);
      expect(await failureOf()).toMatch(/^index\.json is wrong: /);
    },
  );

  test("without images", async () => {
    layout.writeIndex([]);
    expect(await failureOf()).toBe("it has no images");
  });

  test("with a blob that is damaged: also the others are not stored", async () => {
    const { manifest, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    layout.write(layout.pathOf(layer), "LAYER of one");
    expect(await failureOf()).toBe(`blob ${layer.digest} is damaged: its bytes have another digest`);
  });

  test("with a blob of another size than it says", async () => {
    const { manifest, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    layout.write(layout.pathOf(layer), "longer than the layer of one was");
    expect(await failureOf()).toMatch(/has 32 bytes, not the 12 that are announced$/);
  });

  test("without a blob", async () => {
    const { manifest, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    rmSync(join(layout.root, layout.pathOf(layer)));
    expect(await failureOf()).toBe(`blob ${layer.digest} is missing`);
  });

  test("without a manifest, or with a damaged one", async () => {
    const { manifest } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    layout.write(layout.pathOf(manifest), "{}");
    expect(await failureOf()).toMatch(/^manifest sha256:\S+ is damaged/);
    rmSync(join(layout.root, layout.pathOf(manifest)));
    expect(await failureOf()).toMatch(/^manifest sha256:\S+ is missing$/);
  });

  test("whose manifest has another size than index.json says", async () => {
    const { manifest } = layout.addImage("one");
    layout.writeIndex([{ ...descriptorOf(manifest, OCI_IMAGE_MANIFEST), size: 7 }]);
    expect(await failureOf()).toMatch(/not the 7 that are announced$/);
  });

  test("with an index whose image is not there", async () => {
    const { manifest } = layout.addImage("one");
    layout.addRoot(layout.addBlob(imageIndex([manifest])), "1.0", OCI_IMAGE_INDEX);
    rmSync(join(layout.root, layout.pathOf(manifest)));
    expect(await failureOf()).toContain(`an index names manifest ${manifest.digest}, which is neither in it nor in`);
  });

  test("with indexes in indexes without an end", async () => {
    let top = layout.addImage("one").manifest;
    let mediaType: string = OCI_IMAGE_MANIFEST;
    for (let depth = 0; depth < 40; depth++) {
      const manifests = [descriptorOf(top, mediaType)];
      top = layout.addBlob(contentOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests })));
      mediaType = OCI_IMAGE_INDEX;
    }
    layout.addRoot(top, "1.0", OCI_IMAGE_INDEX);
    expect(await failureOf()).toBe("its indexes are nested more than 32 deep");
  });

  test("with two images of one name", async () => {
    layout.addRoot(layout.addImage("one").manifest, "1.0");
    layout.addRoot(layout.addImage("two").manifest, "1.0");
    expect(await failureOf()).toBe("it has two images that are called team/app:1.0");
  });

  test("with several images for one tag", async () => {
    layout.addRoot(layout.addImage("one").manifest, "1.0");
    layout.addRoot(layout.addImage("two").manifest, "2.0");
    expect(await failureOf({ to: "team/app:3.0" })).toContain("leave the tag out of --to");
  });

  test("that does not say where it goes", async () => {
    layout.addRoot(layout.addImage("one").manifest, "1.0");
    expect(await failureOf({ to: "" })).toContain("say it with --to");
  });

  test("whose image has a name that is none", async () => {
    layout.addRoot(layout.addImage("one").manifest, "Not A Name");
    expect(await failureOf()).toBe('"Not A Name" is no name of an image');
  });

  test("whose blobs are links that lead out of it", async () => {
    const { manifest, layer } = layout.addImage("one");
    layout.addRoot(manifest, "1.0");
    const outside = join(makeTemporaryFolder("outside"), "secret");
    writeFileSync(outside, layer.bytes);
    rmSync(join(layout.root, layout.pathOf(layer)));
    symlinkSync(outside, join(layout.root, layout.pathOf(layer)));
    expect(await failureOf()).toContain("leads out of it");
  });

  test("when it is interrupted", async () => {
    layout.addRoot(layout.addImage("one").manifest, "1.0");
    const failure: unknown = await run({ signal: AbortSignal.abort() }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "AbortError" });
  });
});
