import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Digest, hexOf } from "../../../../src/oci/index.ts";
import { type Content, contentOf, imageManifest } from "../../../support/oci-content.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";

export interface TreeImage {
  readonly config: Content;
  readonly layer: Content;
  readonly manifest: Content;
}

/** A data directory in registry:2's layout, written by hand. */
export class RegistryV2Tree {
  readonly root = makeTemporaryFolder("registry-v2");

  /** An image of one layer, with everything that a push leaves. */
  addImage(repository: string, tag: string, more: object = {}): TreeImage {
    const config = this.addBlob(repository, contentOf(`{"of":"${repository}:${tag}"}`));
    const layer = this.addBlob(repository, contentOf(`layer of ${repository}:${tag}`));
    const manifest = this.addManifest(repository, imageManifest({ config, layers: [layer], more }));
    this.addTag(repository, tag, manifest.digest);
    return { config, layer, manifest };
  }

  addBlob(repository: string, content: Content): Content {
    this.writeData(content);
    this.write(this.layerLink(repository, content.digest), content.digest);
    return content;
  }

  addManifest(repository: string, content: Content): Content {
    this.writeData(content);
    this.write(this.revisionLink(repository, content.digest), content.digest);
    return content;
  }

  /** @param movedAtMs the time of the link; default: now. */
  addTag(repository: string, tag: string, digest: string, movedAtMs?: number): void {
    const path = `repositories/${repository}/_manifests/tags/${tag}`;
    this.write(`${path}/index/sha256/${digest.slice("sha256:".length)}/link`, digest);
    this.write(`${path}/current/link`, digest);
    if (movedAtMs !== undefined) this.setTime(`${path}/current/link`, movedAtMs);
  }

  layerLink(repository: string, digest: Digest): string {
    return `repositories/${repository}/_layers/${digest.replace(":", "/")}/link`;
  }

  revisionLink(repository: string, digest: Digest): string {
    return `repositories/${repository}/_manifests/revisions/${digest.replace(":", "/")}/link`;
  }

  data({ digest }: { readonly digest: Digest }): string {
    const hex = hexOf(digest);
    return `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  }

  writeData(content: Content): void {
    this.write(this.data(content), content.bytes);
  }

  /** @param path below `docker/registry/v2` */
  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.#pathOf(path)), { recursive: true });
    writeFileSync(this.#pathOf(path), content);
  }

  /** What deleting and garbage collection do. */
  remove(path: string): void {
    if (!existsSync(this.#pathOf(path))) throw new Error(`there is no ${path}`);
    rmSync(this.#pathOf(path), { recursive: true });
  }

  setTime(path: string, atMs: number): void {
    utimesSync(this.#pathOf(path), atMs / 1000, atMs / 1000);
  }

  /** Every file with its size and time, to see that nothing was changed. */
  snapshot(): readonly string[] {
    return readdirSync(this.root, { recursive: true, encoding: "utf8" })
      .map((path) => [path, statSync(join(this.root, path))] as const)
      .map(([path, { size, mtimeMs }]) => `${path} ${size} ${mtimeMs}`)
      .sort();
  }

  dispose(): void {
    removeTemporaryFolder(this.root);
  }

  #pathOf(path: string): string {
    return join(this.root, "docker/registry/v2", path);
  }
}
