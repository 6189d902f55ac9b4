import { createHash } from "node:crypto";

import type { Image, StoredManifest } from "./image.ts";
import type { RunningRegistry } from "./registry-process.ts";

export interface Login {
  readonly user: string;
  readonly password: string;
}

const acceptManifests = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Connects a plain client of the distribution API: a look at a registry without a real client's help or forgiveness. */
export async function connectTo(registry: RunningRegistry, login?: Login): Promise<RegistryClient> {
  const authority = registry.certificates && (await Bun.file(registry.certificates.authority).text());
  return new RegistryClient(registry.url, login, authority);
}

export class RegistryClient {
  readonly #url: string;
  readonly #authorization: string | undefined;
  readonly #authority: string | undefined;

  constructor(url: string, login: Login | undefined, authority: string | undefined) {
    this.#url = url;
    this.#authorization = login && `Basic ${btoa(`${login.user}:${login.password}`)}`;
    this.#authority = authority;
  }

  /** Sends one request as it is, whatever the answer. The path begins with `/v2/`, or is a whole `Location`. */
  request(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#authorization !== undefined) headers.set("authorization", this.#authorization);
    const tls = this.#authority === undefined ? {} : { tls: { ca: this.#authority } };
    return fetch(new URL(path, this.#url), { ...init, method, headers, ...tls });
  }

  /** @throws with the body of any answer that is not a success. */
  async mustRequest(method: string, path: string, init?: RequestInit): Promise<Response> {
    const response = await this.request(method, path, init);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** @throws when it is not served, or its bytes do not have the digest that the header claims. */
  async getManifest(repository: string, reference: string): Promise<StoredManifest> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const response = await this.mustRequest("GET", path, { headers: { accept: acceptManifests } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = sha256(bytes);
    const claimed = response.headers.get("docker-content-digest");
    if (claimed !== digest) throw new Error(`${path} is ${digest}, but its header says ${String(claimed)}`);
    return { digest, bytes, mediaType: response.headers.get("content-type") ?? "" };
  }

  /** Reads a blob to its end and gives back what was really received, uncompressed first where asked. */
  async measureBlob(repository: string, digest: string, compression?: "gzip"): Promise<MeasuredBlob> {
    const { body } = await this.mustRequest("GET", `/v2/${repository}/blobs/${digest}`);
    const bytes = compression === undefined ? body : body?.pipeThrough(new DecompressionStream(compression));
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of bytes ?? []) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
    }
    return { digest: `sha256:${hash.digest("hex")}`, sizeBytes };
  }

  async listTags(repository: string): Promise<readonly string[]> {
    const response = await this.mustRequest("GET", `/v2/${repository}/tags/list`);
    const { tags } = (await response.json()) as { tags: string[] | null };
    return tags ?? [];
  }

  /** Pushes bytes as one blob, by POST and PUT. */
  async pushBlob(repository: string, body: Blob, digest: string): Promise<void> {
    const started = await this.mustRequest("POST", `/v2/${repository}/blobs/uploads/`);
    const location = uploadLocation(started);
    location.searchParams.set("digest", digest);
    await this.mustRequest("PUT", location.href, { body, headers: { "content-type": "application/octet-stream" } });
  }

  async pushManifest(repository: string, reference: string, manifest: StoredManifest): Promise<void> {
    const init = { body: manifest.bytes, headers: { "content-type": manifest.mediaType } };
    await this.mustRequest("PUT", `/v2/${repository}/manifests/${reference}`, init);
  }

  /** Pushes an image, blobs first, and tags it. */
  async pushImage(repository: string, tag: string, image: Image): Promise<void> {
    for (const blob of image.blobs) await this.pushBlob(repository, Bun.file(blob.file), blob.digest);
    for (const manifest of image.manifests) {
      await this.pushManifest(repository, manifest.digest === image.top.digest ? tag : manifest.digest, manifest);
    }
  }
}

export interface MeasuredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** The `Location` of an upload; a relative one is resolved against the request. */
export function uploadLocation(response: Response): URL {
  const location = response.headers.get("location");
  if (location === null) throw new Error(`no Location in the answer to ${response.url}`);
  return new URL(location, response.url);
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
