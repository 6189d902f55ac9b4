import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Digest, OCI_IMAGE_INDEX, RegistryError } from "../../../../src/oci/index.ts";
import { putWholeBlob } from "../../../../src/registry/index.ts";
import { type ImageExport } from "../../../../src/upkeep/index.ts";
import { exportImages, importImages, openImages, parsePlatform } from "../../../../src/upkeep/transfers.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf, descriptorOf, imageManifest } from "../../../support/oci-content.ts";
import { streamOf } from "../../../support/stream-of.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { app, pushBlob, pushManifest } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
let out: string;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  out = join(makeTemporaryFolder("export"), "out");
});
afterEach(() => memory.close());

const run = (references: readonly string[], options: Partial<ImageExport> = {}) =>
  exportImages({
    registry: memory.registry,
    form: "oci",
    references,
    out,
    platforms: [],
    referrers: false,
    signal: new AbortController().signal,
    ...options,
  });

async function pushImage(tag: string, more: object = {}) {
  const config = await pushBlob(memory.registry, `{"of":"${tag}"}`);
  const layer = await pushBlob(memory.registry, `layer of ${tag}`);
  return pushManifest(memory.registry, imageManifest({ config, layers: [layer], more }), { reference: tag });
}

test("content under sha512 goes out, is in the checksums, and comes in again", async () => {
  const bytes = new TextEncoder().encode("sha512");
  const digest = `sha512:${new Bun.CryptoHasher("sha512").update(bytes).digest("hex")}` as Digest;
  await putWholeBlob(memory.registry, { repository: app, digest, body: streamOf([bytes]) });
  const config = await pushBlob(memory.registry, "{}");
  await pushManifest(memory.registry, imageManifest({ config, layers: [{ bytes, digest }] }), { reference: "1.0" });
  await run(["team/app"], { form: "bundle" });
  expect(await Bun.file(join(out, "blobs/sha512", digest.slice("sha512:".length))).text()).toBe("sha512");
  const sums = await Bun.file(join(out, "SHA256SUMS")).text();
  expect(sums).toContain(`${contentOf("sha512").digest.slice("sha256:".length)}  blobs/sha512/`);
  const other = await openMemoryRegistry();
  const archive = await openImages("bundle", out, {
    scratchFolder: () => Promise.reject(new Error("nothing is compressed")),
  });
  const { signal } = new AbortController();
  expect(await importImages({ registry: other.registry, archive, by: nobody, signal })).toMatchObject({ newBlobs: 2 });
  await other.close();
});

test("the same images give the same archive", async () => {
  await pushImage("1.0");
  await pushImage("2.0");
  const [first, second] = [`${out}-1.tar`, `${out}-2.tar`];
  await run(["team/app"], { out: first });
  await run(["team/app"], { out: second });
  expect(await Bun.file(second).bytes()).toEqual(await Bun.file(first).bytes());
});

test("what refers to what refers to an image goes out as well, and cosign's tags", async () => {
  const image = await pushImage("1.0");
  const subject = (of: typeof image) => ({ subject: descriptorOf(of, "application/vnd.oci.image.manifest.v1+json") });
  const signature = await pushImage("a", subject(image));
  const timestamp = await pushImage("b", subject(signature));
  const cosign = await pushImage(`${image.digest.replace(":", "-")}.sig`);
  await pushImage("unrelated");
  const { images } = await run(["team/app:1.0"], { referrers: true });
  expect(new Set(images.map(({ digest }) => digest))).toEqual(
    new Set([image, signature, timestamp, cosign].map(({ digest }) => digest)),
  );
  expect(readdirSync(join(out, "blobs/sha256"))).toHaveLength(4 * 3);
});

test("of several platforms that are wanted the index stays as it is, without the others", async () => {
  const children = [];
  for (const architecture of ["amd64", "arm64", "s390x"]) {
    const child = await pushImage(architecture);
    const platform = { os: "linux", architecture };
    children.push(descriptorOf(child, "application/vnd.oci.image.manifest.v1+json", { platform }));
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: children });
  const index = await pushManifest(memory.registry, contentOf(body), {
    reference: "1.0",
    contentType: OCI_IMAGE_INDEX,
  });
  const platforms = ["linux/amd64", "linux/arm64"].map(parsePlatform);
  expect(await run(["team/app:1.0"], { platforms })).toMatchObject({
    images: [{ digest: index.digest }],
    manifests: 3,
    blobs: 4,
  });
});

test.each(["linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/"])("%s is no platform", (text) => {
  expect(() => parsePlatform(text)).toThrow(RegistryError);
});

test.each(["out", "out.tar"])("an export that is interrupted leaves nothing that looks whole: %s", async (name) => {
  await pushImage("1.0");
  const target = join(makeTemporaryFolder("export"), name);
  const interrupt = new AbortController();
  const onProgress = () => interrupt.abort();
  const interrupted = run(["team/app"], { out: target, signal: interrupt.signal, onProgress });
  expect(await failureOf(interrupted)).toContain("aborted");
  expect(existsSync(name === "out" ? join(target, "index.json") : target)).toBe(false);
});

test.each(["Not/Good", "team/app:", "team/app@sha256:1", "team/app:.x", ""])("%p names no image", async (reference) => {
  const failure: unknown = await run([reference]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RegistryError);
});

test("a bundle tells how far its verification is, and can be stopped in it", async () => {
  await pushImage("1.0");
  await run(["team/app"], { form: "bundle" });
  const scratchFolder = () => Promise.reject(new Error("nothing is compressed"));
  const heard: number[] = [];
  let total = 0;
  await openImages("bundle", out, {
    scratchFolder,
    onProgress({ doneBytes, totalBytes }) {
      heard.push(doneBytes);
      total = totalBytes;
    },
  });
  expect(heard).toEqual([...heard].sort((one, next) => one - next));
  expect(heard.at(-1)).toBe(total);
  const stopped = openImages("bundle", out, { scratchFolder, signal: AbortSignal.abort(new Error("stopped")) });
  expect(await stopped.catch((error: Error) => error.message)).toBe("stopped");
});
