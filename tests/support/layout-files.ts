import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { algorithmOf, hexOf, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Content, contentOf, descriptorOf, imageManifest } from "./oci-content.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export interface LayoutImage {
  readonly config: Content;
  readonly layer: Content;
  readonly manifest: Content;
}

/** An OCI image layout, written by hand. */
export class LayoutFiles {
  readonly root = makeTemporaryFolder("layout");
  readonly #roots: object[] = [];

  constructor() {
    this.write("oci-layout", `{"imageLayoutVersion":"1.0.0"}`);
  }

  /** An image of one layer that `index.json` does not name yet. */
  addImage(seed: string, more: object = {}): LayoutImage {
    const config = this.addBlob(contentOf(`{"of":"${seed}"}`));
    const layer = this.addBlob(contentOf(`layer of ${seed}`));
    return { config, layer, manifest: this.addBlob(imageManifest({ config, layers: [layer], more })) };
  }

  addBlob(content: Content): Content {
    this.write(this.pathOf(content), content.bytes);
    return content;
  }

  /** Names a manifest in `index.json`. */
  addRoot(manifest: Content, name?: string, mediaType: string = OCI_IMAGE_MANIFEST): void {
    const annotations = { "org.opencontainers.image.ref.name": name };
    this.#roots.push(descriptorOf(manifest, mediaType, name === undefined ? {} : { annotations }));
    this.writeIndex(this.#roots);
  }

  writeIndex(manifests: readonly object[]): void {
    this.write("index.json", JSON.stringify({ schemaVersion: 2, manifests }));
  }

  pathOf({ digest }: Pick<Content, "digest">): string {
    return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
