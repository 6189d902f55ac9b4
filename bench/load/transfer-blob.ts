import type { Peer } from "../peers/peer.ts";
import { HttpConnection, pathOf } from "./http-connection.ts";
import { addQuery, askFor, openUpload } from "./push-blob.ts";
import { runProgram } from "./run-load.ts";

const LIMIT_SECONDS = 120;

export interface Transfer {
  readonly bytes: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}

/** Gets a path some times over one connection with curl and throws the bytes away. */
export async function pullWithCurl(peer: Peer, path: string, times: number): Promise<Transfer> {
  const url = `http://127.0.0.1:${peer.port}${path}`;
  const targets = Array.from({ length: times }, () => ["-o", "/dev/null", url]).flat();
  const format = "%{size_download} %{time_total}\\n";
  const { output, clientCpuSeconds } = await runProgram(["curl", "-sSf", "-w", format, ...targets], LIMIT_SECONDS);
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const column = (index: number): number => lines.reduce((sum, line) => sum + (line[index] ?? 0), 0);
  return { bytes: column(0), seconds: column(1), clientCpuSeconds };
}

/** Pushes a file as one PATCH stream with curl and closes the session; the time holds both requests. */
export async function pushWithCurl(peer: Peer, repository: string, file: string, digest: string): Promise<Transfer> {
  const connection = await HttpConnection.open(peer.port);
  const path = await openUpload(connection, repository);
  const headers = ["-H", "Content-Type: application/octet-stream", "-H", "Expect:"];
  const format = "%{http_code} %{size_upload} %{time_total} %header{location}";
  const url = `http://127.0.0.1:${peer.port}${path}`;
  const command = ["curl", "-sS", "-X", "PATCH", ...headers, "-T", file, "-o", "/dev/null", "-w", format, url];
  const { output, clientCpuSeconds } = await runProgram(command, LIMIT_SECONDS);
  const [status, bytes, seconds, location = ""] = output.trim().split(" ");
  if (status !== "202") throw new Error(`${peer.name}: PATCH answered ${status}`);
  const closedAt = performance.now();
  await askFor(201, connection, { method: "PUT", path: addQuery(pathOf(location), `digest=${digest}`) });
  connection.close();
  const closeSeconds = (performance.now() - closedAt) / 1000;
  return { bytes: Number(bytes), seconds: Number(seconds) + closeSeconds, clientCpuSeconds };
}
