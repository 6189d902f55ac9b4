import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { resolve } from "node:path";
import { errorCode } from "../../runtime/index.ts";
import { parseStorageKey, type StorageDriver } from "../../storage/index.ts";
import { describeAddress } from "../listener/listen-address.ts";
import type { HealthOptions } from "./options.ts";

/** Something looked at again and again; `run` throws what `/debug/health` says of it. */
export interface HealthCheck {
  /** As registry:2 names it: `storagedriver_filesystem`, a file's path, a URL, `host:port`. */
  readonly name: string;
  readonly intervalMs: number;
  readonly threshold: number;
  readonly run: () => Promise<void>;
}

/** The checks that are configured, with registry:2's names and messages. */
export function createHealthChecks(options: HealthOptions, storage: StorageDriver): HealthCheck[] {
  const { storageDriver, files, http, tcp } = options;
  return [
    ...(storageDriver.enabled ? [storageCheck(storageDriver, storage)] : []),
    ...files.map(fileCheck),
    ...http.map(httpCheck),
    ...tcp.map(tcpCheck),
  ];
}

/** registry:2's looks as well, and does not write: on a full disk pulls go on. */
function storageCheck(pace: HealthOptions["storageDriver"], storage: StorageDriver): HealthCheck {
  const run = async () => void (await storage.stat(NOTHING));
  return { ...paceOf(pace), name: `storagedriver_${storage.name}`, run };
}

/** Where nothing is, the driver looks whether it is itself that is away. */
const NOTHING = parseStorageKey("docker/registry/v2/health");

function fileCheck(options: HealthOptions["files"][number]): HealthCheck {
  const run = async () => {
    const found = await stat(resolve(options.path)).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (found) throw new Error("file exists");
  };
  return { ...paceOf(options), name: options.path, run };
}

function httpCheck(options: HealthOptions["http"][number]): HealthCheck {
  const { url, headers, statusCode, timeoutMs } = options;
  const sent = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const run = async () => {
    const signal = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : null;
    const response = await fetch(url, { method: "HEAD", headers: sent, signal }).catch((cause: unknown) => {
      throw new Error(`error while checking: ${url}`, { cause });
    });
    if (response.status !== statusCode)
      throw new Error(`downstream service returned unexpected status: ${response.status}`);
  };
  return { ...paceOf(options), name: url, run };
}

function tcpCheck(options: HealthOptions["tcp"][number]): HealthCheck {
  const { hostname, port } = options.address;
  const name = describeAddress(options.address);
  const run = () =>
    new Promise<void>((resolve, reject) => {
      const fail = (cause?: Error) => {
        socket.destroy();
        reject(new Error(`connection to ${name} failed`, { cause }));
      };
      const socket = connect({ host: hostname, port });
      if (options.timeoutMs > 0) socket.setTimeout(options.timeoutMs, () => fail());
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.destroy();
        resolve();
      });
    });
  return { ...paceOf(options), name, run };
}

function paceOf({ intervalMs, threshold }: { intervalMs: number; threshold: number }) {
  return { intervalMs, threshold };
}
