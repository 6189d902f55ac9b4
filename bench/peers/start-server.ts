import type { PeerName } from "../report/figure.ts";
import type { Peer } from "./peer.ts";
import { readProcessUsage } from "./process-usage.ts";

const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 8_000;
const POLL_MS = 2;

/** How a server is started and how one sees that it answers. */
export interface ServerCommand {
  readonly name: PeerName;
  readonly command: readonly string[];
  readonly port: number;
  readonly readyPath: string;
  /** PEM file of the certificate that it shows, when it speaks TLS. */
  readonly certificateFile?: string | undefined;
  /** Everything the server prints goes here. */
  readonly logFile: string;
}

/** Starts a server and waits for its first 200. Throws with the server's own words when none comes in time. */
export async function startServer(server: ServerCommand): Promise<Peer> {
  const startedAt = performance.now();
  const log = Bun.file(server.logFile);
  const child = Bun.spawn([...server.command], { stdout: log, stderr: log, env: plainEnvironment() });
  const stop = (): Promise<void> => stopProcess(child);
  try {
    await waitForAnswer(server, child);
  } catch (cause) {
    await stop();
    throw new Error(`${server.name} did not start: ${(await log.text()).slice(-2000)}`, { cause });
  }
  const startMs = performance.now() - startedAt;
  const { name, port, certificateFile } = server;
  return {
    name,
    port,
    certificateFile,
    origin: originOf(server),
    startMs,
    usage: () => readProcessUsage(child.pid),
    stop,
  };
}

async function waitForAnswer(server: ServerCommand, child: Bun.Subprocess): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    if ((await statusOf(server)) === 200) return;
    await Bun.sleep(POLL_MS);
  }
  throw new Error(child.exitCode === null ? "no answer in time" : `exit code ${child.exitCode}`);
}

async function statusOf(server: ServerCommand): Promise<number | undefined> {
  try {
    const { certificateFile } = server;
    const tls = certificateFile === undefined ? {} : { tls: { ca: Bun.file(certificateFile) } };
    const response = await fetch(originOf(server) + server.readyPath, { keepalive: false, ...tls });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

function originOf({ port, certificateFile }: ServerCommand): string {
  return `${certificateFile === undefined ? "http" : "https"}://127.0.0.1:${port}`;
}

async function stopProcess(child: Bun.Subprocess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await child.exited;
  clearTimeout(timer);
}

/** Both registries take settings from the environment; none of the caller's may leak into one of them. */
function plainEnvironment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", LANG: "C" };
}
