import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { takeFreePort } from "../support/free-port.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { TestAuthority } from "./test-authority.ts";

/** Let's Encrypt's own test server, with a name server that says 127.0.0.1 to every name. It really checks challenges. */
export interface Pebble {
  readonly directoryUrl: string;
  /** Whom a client must trust to speak with it. */
  readonly directoryCaPath: string;
  /** Where it looks for `http-01` answers. */
  readonly httpPort: number;
  /** Where it looks for `tls-alpn-01` answers. */
  readonly tlsPort: number;
  /** Takes `{ host, value }` for a TXT record. */
  readonly setTxtUrl: string;
  readonly clearTxtUrl: string;
  /** The root of the certificates that it gives, PEM. */
  root(): Promise<string>;
  logs(): string;
  stop(): Promise<void>;
}

export interface PebbleSettings {
  /** By key id, base64url: only such accounts are taken. */
  readonly externalAccountKeys?: Readonly<Record<string, string>>;
}

export async function startPebble(pebble: string, nameServer: string, settings: PebbleSettings = {}): Promise<Pebble> {
  const ports = { directory: takeFreePort(), management: takeFreePort(), http: takeFreePort(), tls: takeFreePort() };
  const names = await startNameServer(nameServer);
  const authority = await TestAuthority.make("Pebble's own authority");
  const own = await authority.issue("pebble");
  const config = join(makeTemporaryFolder("pebble"), "config.json");
  await Bun.write(config, JSON.stringify({ pebble: pebbleConfig(ports, own, settings) }));
  const server = await startDaemon({
    argv: argv`${pebble} -config ${config} -dnsserver 127.0.0.1:${names.dnsPort}`,
    // Every authorization is proved anew; nonces are refused now and then, as a real server may.
    env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" },
    isReady: async () => (await fetchTrusting(authority, `https://127.0.0.1:${ports.directory}/dir`)).ok,
  });
  return {
    directoryUrl: `https://127.0.0.1:${ports.directory}/dir`,
    directoryCaPath: authority.certificate,
    httpPort: ports.http,
    tlsPort: ports.tls,
    setTxtUrl: `${names.managementUrl}/set-txt`,
    clearTxtUrl: `${names.managementUrl}/clear-txt`,
    root: async () => (await fetchTrusting(authority, `https://127.0.0.1:${ports.management}/roots/0`)).text(),
    logs: () => server.logs(),
    async stop() {
      await server.stop();
      await names.daemon.stop();
    },
  };
}

type Ports = Record<"directory" | "management" | "http" | "tls", number>;

function pebbleConfig(ports: Ports, own: { certificate: string; key: string }, settings: PebbleSettings): object {
  return {
    listenAddress: `127.0.0.1:${ports.directory}`,
    managementListenAddress: `127.0.0.1:${ports.management}`,
    certificate: own.certificate,
    privateKey: own.key,
    httpPort: ports.http,
    tlsPort: ports.tls,
    ocspResponderURL: "",
    externalAccountBindingRequired: settings.externalAccountKeys !== undefined,
    externalAccountMACKeys: settings.externalAccountKeys ?? {},
  };
}

async function startNameServer(program: string): Promise<{ dnsPort: number; managementUrl: string; daemon: Daemon }> {
  const [dnsPort, managementPort] = [takeFreePort(), takeFreePort()];
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const nothing = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
  const daemon = await startDaemon({
    argv: argv`${program} -dns01 127.0.0.1:${dnsPort} -management 127.0.0.1:${managementPort}
      -defaultIPv4 127.0.0.1 ${nothing}`,
    isReady: async () => (await fetch(managementUrl)).status > 0,
  });
  return { dnsPort, managementUrl, daemon };
}

async function fetchTrusting(authority: TestAuthority, url: string): Promise<Response> {
  return fetch(url, { tls: { ca: await Bun.file(authority.certificate).text() } });
}
