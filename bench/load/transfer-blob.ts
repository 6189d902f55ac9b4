import type { Peer } from "../peers/peer.ts";
import { HttpConnection, pathOf } from "./http-connection.ts";
import { addQuery, askFor, openUpload } from "./push-blob.ts";
import { runProgram } from "./run-load.ts";

/** Enough for 10 GiB on a slow disk. */
const LIMIT_SECONDS = 300;

export interface Transfer {
  readonly bytes: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}

/** Gets a path some times over one connection with curl and throws the bytes away. */
export async function pullWithCurl(peer: Peer, path: string, times: number): Promise<Transfer> {
  const url = peer.origin + path;
  const targets = Array.from({ length: times }, () => ["-o", "/dev/null", url]).flat();
  const format = "%{size_download} %{time_total}\\n";
  const { output, clientCpuSeconds } = await runProgram(
    ["curl", "-sSf", ...tlsOptions(peer), "-w", format, ...targets],
    LIMIT_SECONDS,
  );
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const column = (index: number): number => lines.reduce((sum, line) => sum + (line[index] ?? 0), 0);
  return { bytes: column(0), seconds: column(1), clientCpuSeconds };
}

/** Pushes a file as one PATCH stream with curl and closes the session; the time holds both requests. */
export async function pushWithCurl(peer: Peer, repository: string, file: string, digest: string): Promise<Transfer> {
  const connection = await HttpConnection.open(peer);
  const { location, ...transfer } = await sendWithCurl(peer, "PATCH", await openUpload(connection, repository), file);
  const closedAt = performance.now();
  await askFor(201, connection, { method: "PUT", path: addQuery(pathOf(location), `digest=${digest}`) });
  connection.close();
  const closeSeconds = (performance.now() - closedAt) / 1000;
  return { ...transfer, seconds: transfer.seconds + closeSeconds };
}

/** Sends a file as the body of one request with curl. Throws unless the answer is 201, 202 or 204. */
export async function sendWithCurl(
  peer: Peer,
  method: "PATCH" | "PUT",
  path: string,
  file: string,
): Promise<Transfer & { readonly location: string }> {
  const headers = ["-H", "Content-Type: application/octet-stream", "-H", "Expect:", ...tlsOptions(peer)];
  const format = "%{http_code} %{size_upload} %{time_total} %header{location}";
  const command = ["curl", "-sS", "-X", method, ...headers, "-T", file, "-o", "/dev/null", "-w", format];
  const { output, clientCpuSeconds } = await runProgram([...command, peer.origin + path], LIMIT_SECONDS);
  const [status = "", bytes, seconds, location = ""] = output.trim().split(" ");
  if (!["201", "202", "204"].includes(status)) throw new Error(`${peer.name}: ${method} answered ${status}`);
  return { bytes: Number(bytes), seconds: Number(seconds), clientCpuSeconds, location };
}

/** The cipher that container engines and servers agree on, and HTTP/1.1, as one stream gains nothing from HTTP/2. */
function tlsOptions({ certificateFile }: Peer): readonly string[] {
  if (certificateFile === undefined) return [];
  return ["--cacert", certificateFile, "--http1.1", "--tlsv1.3", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"];
}
