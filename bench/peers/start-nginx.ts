import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import type { Peer } from "./peer.ts";
import { startServer } from "./start-server.ts";

/** Starts nginx with one worker over `folder`/www, whose files lie under the registry's own paths. */
export async function startNginx(folder: string): Promise<Peer> {
  const port = findFreePort();
  await mkdir(join(folder, "www"), { recursive: true });
  await Bun.write(join(folder, "www", "ready"), "ready\n");
  const configFile = join(folder, "nginx.conf");
  await Bun.write(configFile, nginxConfig(port, folder));
  const command = ["nginx", "-p", folder, "-c", configFile];
  return startServer({ name: "nginx", command, port, readyPath: "/ready", logFile: join(folder, "server.log") });
}

/** Puts bytes where nginx answers them under a registry path such as `/v2/app/manifests/1.0`. */
export async function putStaticFile(nginxFolder: string, path: string, bytes: Bun.BunFile | Uint8Array): Promise<void> {
  await Bun.write(join(nginxFolder, "www", path), bytes);
}

function nginxConfig(port: number, folder: string): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/tmp-body;
  proxy_temp_path ${folder}/tmp-proxy;
  fastcgi_temp_path ${folder}/tmp-fastcgi;
  uwsgi_temp_path ${folder}/tmp-uwsgi;
  scgi_temp_path ${folder}/tmp-scgi;
  server { listen 127.0.0.1:${port}; root ${folder}/www; }
}
`;
}
