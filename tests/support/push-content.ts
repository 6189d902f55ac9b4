import { OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import type { Answer, HttpClient } from "./http-client.ts";
import { type Content, contentOf, imageManifest } from "./oci-content.ts";

/** The `Location` of an answer as an absolute URL. */
export function locationIn(http: HttpClient, answer: Answer): string {
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`no Location in answer ${answer.status}: ${answer.text}`);
  return new URL(location, http.url).href;
}

/** Adds to the query of a URL that may have one. */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  return target.href;
}

/** Starts an upload and gives the place to send its bytes to. */
export async function startUpload(http: HttpClient, repository: string): Promise<string> {
  const answer = await http.post(`/v2/${repository}/blobs/uploads/`);
  requireStatus(answer, 202);
  return locationIn(http, answer);
}

/** @throws unless it is taken. */
export async function pushBlob(http: HttpClient, repository: string, content: Content): Promise<Content> {
  const url = withQuery(await startUpload(http, repository), { digest: content.digest });
  requireStatus(await http.put(url, { body: content.bytes, headers: octetStream }), 201);
  return content;
}

export const octetStream = { "content-type": "application/octet-stream" };

export interface Push {
  readonly repository: string;
  readonly reference: string;
  readonly content: Content;
  readonly mediaType?: string;
}

/** Gives the answer, whatever it is. */
export function putManifest(http: HttpClient, push: Push): Promise<Answer> {
  const { repository, reference, content, mediaType = OCI_IMAGE_MANIFEST } = push;
  const headers = { "content-type": mediaType };
  return http.put(`/v2/${repository}/manifests/${reference}`, { body: content.bytes, headers });
}

/** @throws unless it is taken. */
export async function pushManifest(http: HttpClient, push: Push): Promise<Answer> {
  const answer = await putManifest(http, push);
  requireStatus(answer, 201);
  return answer;
}

export interface PushedImage {
  readonly config: Content;
  readonly layer: Content;
  readonly manifest: Content;
}

/**
 * Pushes an image of one small layer that no other has.
 *
 * @param reference a tag; without one it is pushed by its digest.
 * @param more further fields of the manifest.
 */
export async function pushImage(
  http: HttpClient,
  repository: string,
  reference?: string,
  more: object = {},
): Promise<PushedImage> {
  const config = await pushBlob(http, repository, contentOf("{}"));
  const layer = await pushBlob(http, repository, contentOf(`layer ${crypto.randomUUID()}`));
  const manifest = imageManifest({ config, layers: [layer], more });
  await pushManifest(http, { repository, reference: reference ?? manifest.digest, content: manifest });
  return { config, layer, manifest };
}

/** @throws with the answer's body when its status is another. */
export function requireStatus(answer: Answer, status: number): void {
  if (answer.status !== status) throw new Error(`answer ${answer.status} instead of ${status}: ${answer.text}`);
}
