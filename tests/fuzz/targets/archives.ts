import { ok } from "node:assert/strict";
import fc from "fast-check";
import { pack } from "tar-stream";

import { ArchiveError } from "../../../src/upkeep/index.ts";
import { openTar } from "../../../src/upkeep/archive/tar-source.ts";
import { readDockerArchive } from "../../../src/upkeep/image-import/read-docker-archive.ts";
import { placeRoots } from "../../../src/upkeep/image-import/place-roots.ts";
import { planImport } from "../../../src/upkeep/image-import/plan-import.ts";
import { contentOf, descriptorOf, imageManifest } from "../../support/oci-content.ts";
import { bytesOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

const layer = contentOf("a layer");
const config = contentOf(JSON.stringify({ rootfs: { diff_ids: [layer.digest] } }));
const manifest = imageManifest({ config, layers: [layer] });
const pathOf = (digest: string) => `blobs/${digest.replace(":", "/")}`;

const saved = await tarOf([
  ["manifest.json", JSON.stringify([{ Config: "c.json", RepoTags: ["app:1"], Layers: ["a/layer.tar"] }])],
  ["c.json", config.bytes],
  ["a/layer.tar", layer.bytes],
]);
const name = { annotations: { "org.opencontainers.image.ref.name": "team/app:1" } };
const manifests = [descriptorOf(manifest, "application/vnd.oci.image.manifest.v1+json", name)];
const layout = await tarOf([
  ["oci-layout", `{"imageLayoutVersion":"1.0.0"}`],
  ["index.json", JSON.stringify({ schemaVersion: 2, manifests })],
  ...[config, layer, manifest].map(({ digest, bytes }) => [pathOf(digest), bytes] as const),
]);

/** Archives of images: whatever is in them, they are read or refused, and nothing outside of them is. */
export const archives: FuzzTarget = {
  name: "archives",
  corpus: [saved, layout],
  grammar: fc.constantFrom(saved, layout),
  words: [
    "../",
    "/etc/passwd",
    "ustar\0",
    "\0",
    "0000000",
    "7777777",
    "L",
    "x",
    "2",
    "1",
    "sha256:",
    '"Layers":',
    "null",
  ],
  maxLength: 64 * 1024,
  testInputs: 1_500,
  async check(text) {
    const bytes = bytesOf(text);
    try {
      const source = await openTar(new Blob([bytes]));
      const archive = await readDockerArchive(source);
      for (const plan of await planImport(archive, placeRoots(archive.roots, undefined))) {
        ok(plan.manifests.size > 0);
        for (const digest of plan.blobs.keys()) ok(((await archive.open(digest))?.size ?? 0) <= bytes.byteLength);
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
    }
  },
};

async function tarOf(files: readonly (readonly [path: string, content: string | Uint8Array])[]): Promise<string> {
  const archive = pack();
  for (const [path, content] of files) archive.entry({ name: path, mtime: new Date(0) }, content);
  archive.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of archive) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces).toString("latin1");
}
