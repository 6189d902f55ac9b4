import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import { type Certificates, makeCertificates } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import { takeFreePort } from "./free-port.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";

/** A piece of registry:2's configuration file, as an object. */
export type RegistryConfig = Readonly<Record<string, unknown>>;

export interface RegistryOptions {
  /** Merged over the defaults: filesystem storage in a temporary folder, a free port of 127.0.0.1, delete allowed. */
  readonly config?: RegistryConfig;
  /** `true` makes an authority and a certificate for 127.0.0.1. */
  readonly tls?: boolean | Certificates;
  /** User → password, written as an htpasswd file. */
  readonly htpasswd?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** An existing data directory is left in place by `stop()`; without one a temporary folder is made and removed. */
  readonly dataDirectory?: string;
  /** For a second start at the same address. */
  readonly port?: number;
}

/** A registry that answers, started for a test. */
export interface RunningRegistry {
  /** `http://127.0.0.1:PORT` or `https://…`, without a slash at the end. */
  readonly url: string;
  /** `127.0.0.1:PORT`, as clients write it before a repository name. */
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly configFile: string;
  readonly pid: number;
  /** Present when it serves TLS. */
  readonly certificates?: Certificates;
  logs(): string;
  /** Sends a signal without waiting, for tests of crashes; `stop()` afterwards waits for the end. */
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

/** What differs between one registry program and another. */
export interface RegistryProgram {
  readonly argv: (configFile: string) => readonly string[];
  /** Asked until there is an answer that is no failure: it may be 401 before a login, or 404 below a prefix. */
  readonly readyPath: string;
}

/** Starts a registry program on a registry:2 configuration made from the options. */
export async function startRegistry(program: RegistryProgram, options: RegistryOptions = {}): Promise<RunningRegistry> {
  const folder = makeTemporaryFolder("registry");
  const port = options.port ?? takeFreePort();
  const host = `127.0.0.1:${port}`;
  const certificates = options.tls === true ? await makeCertificates() : options.tls || undefined;
  const url = `${certificates === undefined ? "http" : "https"}://${host}`;
  const dataDirectory = options.dataDirectory ?? join(folder, "data");
  mkdirSync(dataDirectory, { recursive: true });
  const configFile = join(folder, "config.yml");
  const defaults = defaultConfig({ host, dataDirectory, certificates, config: options.config ?? {} });
  const login = options.htpasswd === undefined ? {} : await writeHtpasswd(join(folder, "htpasswd"), options.htpasswd);
  await Bun.write(configFile, stringify(mergeConfig(mergeConfig(defaults, login), options.config ?? {})));
  const daemon = await startDaemon({
    argv: program.argv(configFile),
    ...(options.env === undefined ? {} : { env: options.env }),
    isReady: () => answers(`${url}${program.readyPath}`, certificates),
  });
  return {
    url,
    host,
    port,
    dataDirectory,
    configFile,
    ...(certificates === undefined ? {} : { certificates }),
    pid: daemon.pid,
    logs: () => daemon.logs(),
    kill: (signal) => daemon.kill(signal),
    exited: daemon.exited,
    stop: async () => {
      await daemon.stop();
      removeTemporaryFolder(folder);
    },
  };
}

interface DefaultsFrom {
  readonly host: string;
  readonly dataDirectory: string;
  readonly certificates: Certificates | undefined;
  readonly config: RegistryConfig;
}

function defaultConfig({ host, dataDirectory, certificates, config }: DefaultsFrom): RegistryConfig {
  const tls = certificates && { certificate: certificates.certificate, key: certificates.key };
  return {
    version: 0.1,
    log: { level: "info" },
    storage: {
      ...(namesDriver(config["storage"]) ? {} : { filesystem: { rootdirectory: dataDirectory } }),
      delete: { enabled: true },
    },
    http: { addr: host, ...(tls === undefined ? {} : { tls }) },
  };
}

const storageSettings = new Set(["delete", "cache", "redirect", "maintenance", "tag", "selfdescribing"]);

/** Two drivers in one file are an error, so the filesystem is only the default where the test names none. */
function namesDriver(storage: unknown): boolean {
  return isObject(storage) && Object.keys(storage).some((key) => !storageSettings.has(key));
}

async function writeHtpasswd(file: string, users: Readonly<Record<string, string>>): Promise<RegistryConfig> {
  const lines = await Promise.all(
    Object.entries(users).map(async ([user, password]) => {
      const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 5 });
      return `${user}:${hash.replace(/^\$2b\$/, "$2y$")}\n`;
    }),
  );
  await Bun.write(file, lines.join(""));
  return { auth: { htpasswd: { realm: "Test realm", path: file } } };
}

function mergeConfig(below: RegistryConfig, above: RegistryConfig): RegistryConfig {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? mergeConfig(old, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function answers(url: string, certificates: Certificates | undefined): Promise<boolean> {
  const tls = certificates && { ca: await Bun.file(certificates.authority).text() };
  const response = await fetch(url, { ...(tls === undefined ? {} : { tls }), signal: AbortSignal.timeout(2000) });
  await response.body?.cancel();
  return response.status < 500;
}
