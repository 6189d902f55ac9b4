import type { HttpConnection, Question } from "./http-connection.ts";
import { pathOf } from "./http-connection.ts";

/** Pushes a small blob in the two requests that clients use: open a session, then close it with the bytes. */
export async function pushBlob(connection: HttpConnection, repository: string, blob: Uint8Array): Promise<string> {
  const digest = digestOf(blob);
  const location = await openUpload(connection, repository);
  const path = addQuery(location, `digest=${digest}`);
  await askFor(201, connection, { method: "PUT", path, contentType: "application/octet-stream", body: blob });
  return digest;
}

/** Opens an upload session and gives its path. */
export async function openUpload(connection: HttpConnection, repository: string): Promise<string> {
  const opened = await askFor(202, connection, { method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  const location = opened.headers.get("location");
  if (location === undefined) throw new Error("the session has no Location");
  return pathOf(location);
}

export async function putManifest(
  connection: HttpConnection,
  path: string,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
): Promise<void> {
  await askFor(201, connection, { method: "PUT", path, contentType: manifest.mediaType, body: manifest.bytes });
}

/** Asks and throws unless the answer has the status, so that no load measures errors. */
export async function askFor(status: number, connection: HttpConnection, question: Question) {
  const answer = await connection.ask(question);
  if (answer.status === status) return answer;
  throw new Error(`${question.method} ${question.path}: ${answer.status} ${answer.body.toString().slice(0, 300)}`);
}

export function addQuery(path: string, query: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}
