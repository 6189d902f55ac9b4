import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import type { Certificate } from "./make-certificate.ts";
import type { PeerName } from "../report/figure.ts";
import type { Peer } from "./peer.ts";
import { startServer } from "./start-server.ts";

const REPOSITORY_ROOT = join(import.meta.dir, "..", "..");

/** The two programs that are configured and spoken to alike. */
export const REGISTRY_NAMES = ["berth", "docker-registry"] as const;

export type RegistryName = (typeof REGISTRY_NAMES)[number];

/** The registry that a peer of the table is. Throws for a peer that is none. */
export function asRegistryName(name: PeerName): RegistryName {
  if (name === "berth" || name === "docker-registry") return name;
  throw new RangeError(`${name} is no registry`);
}

const COMMANDS: Readonly<Record<RegistryName, string>> = {
  berth: join(REPOSITORY_ROOT, "bin", "berth"),
  "docker-registry": "docker-registry",
};

/** What a registry is configured with beside its folder. */
export interface RegistrySetup {
  /** What it shows when it shall speak TLS. */
  readonly certificate?: Certificate | undefined;
  /** How many processes of Berth serve; its own choice when it is not said. */
  readonly processes?: number;
  /** What stands behind `auth:`; without it nobody signs in. */
  readonly auth?: string;
  /** What is started instead of the checkout's command or the installed one. */
  readonly executable?: string;
}

export interface RegistryStart extends RegistrySetup {
  /** The place it takes in the table. */
  readonly name: RegistryName;
  /** The program started in that place; another one only to try the benchmark itself. */
  readonly program: RegistryName;
  /** Keeps data, configuration and log; started again with the same folder, the data is still there. */
  readonly folder: string;
}

/** Starts Berth or Distribution with the same configuration file, but for port and folder. */
export async function startRegistry({ name, program, folder, ...setup }: RegistryStart): Promise<Peer> {
  await mkdir(folder, { recursive: true });
  const port = findFreePort();
  const configFile = join(folder, "config.yml");
  await Bun.write(configFile, registryConfig(port, join(folder, "data"), setup));
  const command = [setup.executable ?? COMMANDS[program], "serve", configFile];
  const certificateFile = setup.certificate?.certificateFile;
  const readyPath = setup.auth === undefined ? "/v2/" : "/";
  return startServer({ name, command, port, certificateFile, readyPath, logFile: join(folder, "server.log") });
}

function registryConfig(port: number, rootDirectory: string, { certificate, processes, auth }: RegistrySetup): string {
  const tls = [`  tls:`, `    certificate: ${certificate?.certificateFile}`, `    key: ${certificate?.keyFile}`];
  return [
    "version: 0.1",
    "log:",
    "  level: error",
    "  accesslog:",
    "    disabled: true",
    "storage:",
    "  cache:",
    "    blobdescriptor: inmemory",
    "  filesystem:",
    `    rootdirectory: ${JSON.stringify(rootDirectory)}`,
    "  delete:",
    "    enabled: true",
    "http:",
    `  addr: 127.0.0.1:${port}`,
    ...(processes === undefined ? [] : [`  processes: ${processes}`]),
    ...(certificate === undefined ? [] : tls),
    ...(auth === undefined ? [] : [`auth: ${auth}`]),
    "",
  ].join("\n");
}
